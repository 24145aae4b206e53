import { marked } from "marked";
import { describe, expect, test } from "vitest";
import { Splitter } from "../src/markdown";
import { CORPUS, longAnswer } from "./corpus";
import { assertInert } from "./inert";
import { chance, pick, shown } from "./support";

/** Tags and words, without what only one of the two has: our frames, and marked's white space between blocks. */
function tree(node: Node): string {
  if (node instanceof Text) return node.data.replace(/\s+/g, " ");
  const inner = [...node.childNodes].map(tree).join("");
  if (!(node instanceof Element)) return inner;
  if (node.matches(".fm-code-bar, .fm-show-image")) return "";
  if (node.matches("div, body")) return inner;
  if (node.matches("img")) return `[image: ${node.getAttribute("alt")}]`;
  const start = node.getAttribute("start");
  const href = node.getAttribute("href");
  return `<${node.localName}${start ? ` ${start}` : ""}${href ? ` ${href}` : ""}>${inner}</${node.localName}>`;
}

function normalized(root: Node): string {
  return tree(root)
    .replace(/ ?(<\/?(?:p|h\d|ul|ol|li|pre|code|blockquote|table|thead|tbody|tr|th|td|hr|br|input)\b[^>]*>) ?/g, "$1")
    .trim();
}

function byMarked(text: string): string {
  const html = marked.parse(text, { async: false, gfm: true });
  return normalized(new DOMParser().parseFromString(html, "text/html").body);
}

const HONEST = Object.entries(CORPUS).filter(([name]) => name !== "mathematics");

describe("the same structure as marked's own HTML", () => {
  test.each(HONEST)("%s", (_, text) => {
    expect(normalized(shown(text))).toBe(byMarked(text));
  });

  test("documents put together by chance", () => {
    const random = chance(1);
    const parts = HONEST.flatMap(([, text]) => text.split(/\n\n(?=\S)/)).filter(
      (part) => !/^\s*```|\[docs\]|^~~~/m.test(part),
    );
    const fenced = ["```python\nx = 1\n\n# not a heading\n```", "~~~\n- no list\n~~~", "    indented\n\n    code"];
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: 6 }, () => pick(random, [...parts, ...fenced])).join(
        pick(random, ["\n\n", "\n\n\n"]),
      );
      expect(normalized(shown(text)), JSON.stringify(text)).toBe(byMarked(text));
    }
  });
});

describe("the splitter", () => {
  const cut = (text: string) => {
    const splitter = new Splitter();
    splitter.push(text);
    splitter.end();
    return splitter.done.map(({ kind, source }) => `${kind}: ${source}`);
  };

  test.each<[string, string, string[]]>([
    ["blank lines", "a\nb\n\n\nc", ["flow: a\nb", "flow: c"]],
    ["headings and rules", "a\n# h\nb\n\n---\nc", ["flow: a", "flow: # h", "flow: b", "flow: ---", "flow: c"]],
    ["a setext heading", "a\n---\nb", ["flow: a\n---\nb"]],
    ["a fence", "a\n```py\n\n# x\n\n```\nb", ["flow: a", "code: \n# x\n", "flow: b"]],
    ["a fence in a fence", "````\n```\n````\nb", ["code: ```", "flow: b"]],
    ["a fence without an end", "```\na\n\nb", ["code: a\n\nb"]],
    ["a loose list", "- a\n\n- b\n\n  more\n\nc", ["flow: - a\n\n- b\n\n  more", "flow: c"]],
    [
      "a fence in a list",
      "1. a\n\n   ```\n   x\n\n   # y\n   ```\n\n2. b\n\nc",
      ["flow: 1. a\n\n   ```\n   x\n\n   # y\n   ```\n\n2. b", "flow: c"],
    ],
    ["a list and a fence beside it", "- a\n```\nx\n```\n- b", ["flow: - a", "code: x", "flow: - b"]],
    ["a formula with blank lines", "a\n$$\nx\n\n# y\n$$\nb", ["flow: a", "formula: $$\nx\n\n# y\n$$", "flow: b"]],
    ["a formula on one line", "$$x$$\nb", ["formula: $$x$$", "flow: b"]],
    ["a formula with text behind", "$$x$$ is b", ["flow: $$x$$ is b"]],
    ["text behind a formula's end", "\\[\nx\n\\] is b", ["formula: \\[\nx\n\\]", "flow: is b"]],
    ["no formula", "$$\na\n\n# b", ["flow: $$\na", "flow: # b"]],
    ["a formula cut by a fence", "$$\na\n```\nb\n```", ["flow: $$\na", "code: b"]],
    ["indented code", "    a\n\n    b\n\nc", ["flow:     a\n\n    b", "flow: c"]],
  ])("%s", (_, text, blocks) => {
    expect(cut(text)).toEqual(blocks);
  });

  test("a formula that never ends is given up", () => {
    expect(cut(`$$\n${"a\n\n".repeat(200)}`).length).toBe(200);
  });
});

describe("formulas", () => {
  const formulas = (text: string) => [...shown(text).querySelectorAll(".fm-math")].map((span) => span.textContent);

  test.each<[string, string[]]>([
    ["$x$ and $y_1$", ["$x$", "$y_1$"]],
    ["it costs $5 and $6", []],
    ["it costs $5, not $ 6 $", []],
    ["from $5 to $x$", ["$x$"]],
    ["escaped \\$x$ y", []],
    ["$a `b$ c`", []],
    ["`$x$` and ``$$y$$``", []],
    ["*a $x*y$ b* $z*$", ["$x*y$", "$z*$"]],
    ["$$a$$ inline, $$b\nc$$ too", ["$$a$$", "$$b\nc$$"]],
    ["\\(a\\) and \\[b\\] and \\\\(c\\\\)", ["\\(a\\)", "\\[b\\]"]],
    ["- a\n\n  $$\n  x\n\n  - y\n  $$\n\n- b", ["$$\nx\n\n- y\n$$"]],
    ["> \\[\n> x\n> \\]", ["\\[\nx\n\\]"]],
    ["| a |\n|---|\n| $x$ |", ["$x$"]],
    ["# Of $x$", ["$x$"]],
    ["[$x$](https://example.org)", ["$x$"]],
    ["    $x$", []],
    ["```\n$x$\n```", []],
  ])("%j", (text, found) => {
    expect(formulas(text)).toEqual(found);
  });

  test("stand alone or in the line", () => {
    expect(shown("$$x$$").querySelectorAll(".fm-math-display").length).toBe(1);
    expect(shown("$x$ \\(y\\)").querySelectorAll(".fm-math-display").length).toBe(0);
  });
});

describe("text", () => {
  test.each<[string, string]>([
    ["a &amp; b &lt;i&gt; &copy; &nope; &#65; &#x42; &#0;", "a & b <i> © &nope; A B \ufffd"],
    ["&amp;lt; `&amp;`", "&lt; &amp;"],
    ["a \u202eevil\u202c \x1b[31mred\x07 \x00\x7f\x9b b", "a evil [31mred b"],
    ["&#x202e;x&#27;y&#8207;z", "xyz"],
    ["one\r\ntwo", "one two"],
    ["<b>bold</b> <!-- c --> <x-y z=1>", "<b>bold</b> <!-- c --> <x-y z=1>"],
    ["a<br>b<BR />c<br/ >", "abc<br/ >"],
  ])("%j", (text, words) => {
    expect(shown(text).textContent.replace(/\s+/g, " ")).toBe(words);
  });

  test("line breaks", () => {
    expect(shown("a<br>b<BR />c  \nd\\\ne").querySelectorAll("br").length).toBe(4);
  });

  test("equal texts are equal trees: no two text nodes stand side by side", () => {
    for (const text of [...Object.values(CORPUS), longAnswer(3)]) {
      const root = shown(text);
      const copy = root.cloneNode(true);
      copy.normalize();
      expect(copy.isEqualNode(root)).toBe(true);
      assertInert(root);
    }
  });

  test("definitions after their use, before it, and in other blocks", () => {
    const links = (text: string) => [...shown(text).querySelectorAll("a")].map((link) => link.getAttribute("href"));
    expect(links("[a] and [b][A]\n\nmore\n\n[a]: https://a.org\n[a]: https://b.org")).toEqual([
      "https://a.org",
      "https://a.org",
    ]);
    expect(links("> [a]: https://a.org\n\n[a] [__proto__] [constructor]")).toEqual(["https://a.org"]);
    expect(links("[a][__proto__]\n\n[__proto__]: https://a.org")).toEqual(["https://a.org"]);
  });
});
