/** The thinking, folded: a page spends nothing on it until somebody unfolds it. */

import type { Answer } from "../protocol";
import { isLive } from "../store";
import { element, setHidden, setText } from "./dom";
import type { Host } from "./host";
import type { Pace } from "./pace";
import { Pane } from "./pane";

export class Thinking {
  readonly element = element("details", "fm-thinking");
  private readonly summary = element("summary");
  private readonly pane: Pane;

  constructor(pace: Pace, host: Host) {
    this.pane = new Pane(pace, { loadMath: () => host.loadMath() }, "fm-small");
    this.pane.unfold(false);
    this.element.append(this.summary, this.pane.element);
    this.element.addEventListener("toggle", () => this.pane.unfold(this.element.open));
  }

  update({ thinking, text, phase }: Answer): void {
    this.pane.update(thinking, isLive(phase) && !text);
  }

  show({ thinking, phase }: Answer): void {
    setText(this.summary, phase === "thinking" ? "Thinking…" : "Thinking");
    setHidden(this.element, !thinking);
  }
}
