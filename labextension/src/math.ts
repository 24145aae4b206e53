/** Formulas: a module of its own, fetched or pushed only when an answer has one. */

import katex from "katex";
import style from "katex-style";

export { style };

/** Render `source` into `element`; what is no formula is shown as it was written. Nothing in it can act or fetch. */
export function render(source: string, element: HTMLElement, displayMode: boolean): void {
  katex.render(source, element, {
    displayMode,
    throwOnError: false,
    trust: false,
    strict: "ignore",
    maxSize: 20,
    maxExpand: 200,
  });
}
