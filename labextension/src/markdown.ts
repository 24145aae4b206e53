/** Markdown as DOM nodes, block by block as the text grows. What a model writes can show, and do nothing else. */

import { type Links, tokens } from "./markdown/lexer";
import { appendBlocks, codeBlock, formulaSpan, plainBlock } from "./markdown/nodes";
import type { Block } from "./markdown/splitter";

export { visible } from "./markdown/characters";
export { formula } from "./markdown/formula";
export type { Links } from "./markdown/lexer";
export { type Block, Splitter } from "./markdown/splitter";

/** The nodes of a block; definitions of links in it are added to `links`. */
export function render(block: Block, links: Links): DocumentFragment {
  const nodes = document.createDocumentFragment();
  if (block.kind === "code") nodes.append(codeBlock(block.source, block.info));
  else if (block.kind === "formula") nodes.append(formulaSpan(block.source));
  else if (block.kind === "plain") nodes.append(plainBlock(block.source));
  else {
    try {
      appendBlocks(nodes, tokens(block.source, links));
    } catch {
      nodes.replaceChildren(plainBlock(block.source)); // a text that marked cannot read is shown as it is
    }
  }
  return nodes;
}
