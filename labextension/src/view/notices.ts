/** What a user should know besides the answer, a quiet line each. */

import { element } from "./dom";
import { icon } from "./icon";

export class Notices {
  readonly element = element("ul", "fm-notices");
  private shown = "";

  show(notices: readonly string[]): void {
    const all = notices.join("\n");
    if (all === this.shown) return;
    this.shown = all;
    this.element.replaceChildren(...notices.map((notice) => element("li", "", icon("note"), words(notice))));
  }
}

/** A sentence, with what stands in backticks as code. */
function words(sentence: string): HTMLElement {
  const parts = sentence.split(/`([^`]+)`/).map((part, index) => (index % 2 ? element("code", "", part) : part));
  return element("span", "", ...parts);
}
