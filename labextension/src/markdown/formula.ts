/** Formulas in Markdown: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`. */

import type { TokenizerExtensionFunction, Tokens } from "marked";

const LONGEST = 8_000;
// the next dollar closes or nothing does: `$5 and $6` are prices, and so is what has code between
const INLINE = /^\$(?!\s)((?:\\[\s\S]|[^$\\`\n])+?)(?<!\s)\$(?!\d)/;
const DISPLAY = /^\$\$((?:\\[\s\S]|\$(?!\$)|[^$\\])+)\$\$/;
const PARENTHESES = /^\\\(([\s\S]+?)\\\)/;
const BRACKETS = /^\\\[([\s\S]+?)\\\]/;
const BLOCK = /^ {0,3}(?:\$\$(?:\\[\s\S]|\$(?!\$)|[^$\\])+\$\$|\\\[[\s\S]+?\\\])[ \t]*(?:\n+|$)/;

const DOLLARS = /\$\$[^$]+\$\$|\$(?!\s)[^$`\n]+(?<!\s)\$(?!\d)/g;

export interface Formula {
  source: string;
  display: boolean;
}

/** A formula as it was written, taken apart. */
export function formula(written: string): Formula {
  const display = written.startsWith("$$") || written.startsWith("\\[");
  const signs = written.startsWith("$") && !display ? 1 : 2;
  return { source: written.slice(signs, -signs), display };
}

function token(found: RegExpExecArray | null): Tokens.Generic | undefined {
  return found ? { type: "formula", raw: found[0], text: found[0].trim() } : undefined;
}

export const inlineFormula: TokenizerExtensionFunction = (source) => {
  const text = source.slice(0, LONGEST);
  if (text.startsWith("$$")) return token(DISPLAY.exec(text));
  if (text.startsWith("$")) return token(INLINE.exec(text));
  if (text.startsWith("\\(")) return token(PARENTHESES.exec(text));
  return text.startsWith("\\[") ? token(BRACKETS.exec(text)) : undefined;
};

/** A formula that stands alone, in a list item or a quote. */
export const blockFormula: TokenizerExtensionFunction = (source) =>
  /^ {0,3}(?:\$\$|\\\[)/.test(source) ? token(BLOCK.exec(source.slice(0, LONGEST))) : undefined;

/** The text with its formulas blanked, so that no star in one pairs with a star outside. */
export function withoutFormulas(text: string): string {
  return text.includes("$") ? text.replace(DOLLARS, (found) => `[${"a".repeat(found.length - 2)}]`) : text;
}
