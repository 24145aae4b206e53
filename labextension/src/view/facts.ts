/** Facts as pairs of label and words in one row, with the rate's line beside the rate. */

import { element } from "./dom";
import { Sparkline } from "./sparkline";

export class Facts {
  readonly element = element("dl", "fm-facts");
  private readonly sparkline = new Sparkline();
  private shown = "";

  show(facts: readonly (readonly [string, string])[], rates: readonly number[]): void {
    const all = JSON.stringify([facts, rates]);
    if (all === this.shown) return;
    this.shown = all;
    this.sparkline.show(rates);
    this.element.replaceChildren(
      ...facts.map(([label, words]) => {
        const value = element("dd", "", words);
        if (words.includes("tok/s")) value.append(this.sparkline.element);
        return element("div", "fm-fact", element("dt", "", label), value);
      }),
    );
    this.element.hidden = !facts.length;
  }
}
