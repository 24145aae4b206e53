/** Code as coloured spans, for the languages that notebooks see most. */

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import julia from "highlight.js/lib/languages/julia";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

/** Longer code stays plain, and so does code with a longer word: it is read in the square of these lengths. */
const LONGEST = 20_000;
const LONGEST_MARKDOWN = 8_000;
const LONG_WORD = /[\w$.\u0080-\uffff]{400}|\s{400}/;

/** What a scope looks like; all others look like plain code. */
const CLASSES = new Map(
  Object.entries({
    keyword: "keyword",
    "variable.language": "keyword",
    selector: "keyword",
    "selector-tag": "keyword",
    doctag: "keyword",
    section: "title",
    string: "string",
    regexp: "string",
    "char.escape": "string",
    symbol: "string",
    comment: "comment",
    quote: "comment",
    number: "number",
    literal: "number",
    built_in: "builtin",
    type: "builtin",
    title: "title",
    "title.class": "title",
    "title.class.inherited": "title",
    "title.function": "title",
    name: "title",
    meta: "meta",
    attr: "attribute",
    attribute: "attribute",
    property: "attribute",
    "selector-class": "attribute",
    "selector-id": "attribute",
    addition: "addition",
    deletion: "deletion",
    strong: "strong",
    emphasis: "emphasis",
  }).map(([scope, name]) => [scope, `fm-code-${name}`]),
);

/** What highlight.js calls while it reads; builds nodes where its own emitter builds HTML. */
class Nodes {
  readonly root = document.createDocumentFragment();
  private readonly path: Node[] = [this.root];

  addText(text: string): void {
    const parent = this.path.at(-1) ?? this.root;
    if (parent.lastChild instanceof Text) parent.lastChild.appendData(text);
    else if (text) parent.appendChild(document.createTextNode(text));
  }

  startScope(scope: string): void {
    const parent = this.path.at(-1) ?? this.root;
    const name = CLASSES.get(scope);
    if (!name) {
      this.path.push(parent);
      return;
    }
    const span = document.createElement("span");
    span.className = name;
    this.path.push(parent.appendChild(span));
  }

  endScope(): void {
    this.path.pop();
  }

  openNode(scope: string): void {
    this.startScope(scope);
  }

  closeNode(): void {
    this.endScope();
  }

  __addSublanguage(inner: Nodes): void {
    (this.path.at(-1) ?? this.root).appendChild(inner.root);
  }

  finalize(): void {}

  toHTML(): string {
    return "";
  }
}

const reader = hljs.newInstance();
reader.debugMode(); // a failure is thrown, not hidden in half a result
reader.configure({ __emitter: Nodes });
for (const [name, language] of Object.entries({
  bash,
  c,
  cpp,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  julia,
  markdown,
  python,
  r,
  rust,
  sql,
  typescript,
  xml,
  yaml,
})) {
  reader.registerLanguage(name, language);
}
reader.registerAliases(["python3", "ipython", "ipython3", "py3"], { languageName: "python" });

/** The code as spans, null if it stays as it is. */
export function highlighted(code: string, name: string): DocumentFragment | null {
  const language = reader.getLanguage(name);
  const longest = language?.name === "Markdown" ? LONGEST_MARKDOWN : LONGEST;
  if (!language || code.length > longest || LONG_WORD.test(code)) return null;
  try {
    const { _emitter } = reader.highlight(code, { language: name, ignoreIllegals: true });
    return (_emitter as unknown as Nodes).root;
  } catch {
    return null; // a language that stumbles leaves the code plain
  }
}
