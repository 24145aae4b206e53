/** What the session says beside an answer that is coming: the quota that is left, and what all answers cost so far. */

import { elapsed } from "../format";
import type { StatusStore } from "../store";
import { element, setHidden, setText } from "./dom";
import { Gauges } from "./gauges";

export class Strip {
  readonly element = element("div", "fm-strip");
  private readonly gauges = new Gauges();
  private readonly cost = element("span", "fm-strip-cost");

  constructor(private readonly store: StatusStore | null) {
    this.element.append(this.gauges.element, this.cost);
  }

  show(live: boolean): void {
    const status = this.store?.status;
    setHidden(this.element, !live || !status);
    if (!live || !status) return;
    this.gauges.show(status.quota, elapsed(performance.now(), this.store?.received_ms ?? null));
    const cost = status.facts.filter(([label]) => ["session", "fast", "standard"].includes(label));
    setText(this.cost, cost.map(([label, words]) => `${label} ${words}`).join(" · "));
  }
}
