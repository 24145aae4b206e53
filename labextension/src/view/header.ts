/** The answer's first line: who answers, how fast, what is going on, and what can be done. */

import { visible } from "../markdown";
import type { Answer } from "../protocol";
import { isLive } from "../store";
import { copyFrom } from "./clipboard";
import { button, element, setHidden, setText } from "./dom";
import type { Host } from "./host";
import { icon } from "./icon";

export class Header {
  readonly element = element("header", "fm-header");
  private readonly model = element("span", "fm-model");
  private readonly badge = element("span", "fm-badge");
  private readonly badgeWords = element("span");
  private readonly state = element("span", "fm-state");
  private readonly stateWords = element("span");
  private readonly stop = button("fm-stop", "Stop");
  private readonly copy = button("fm-copy", "Copy answer");
  private answer: Answer | null = null;
  private stopping = "";
  private hadFocus = false;

  constructor(private readonly host: Host) {
    this.badge.append(icon("bolt"), this.badgeWords);
    this.state.append(element("span", "fm-dot"), icon("warning"), this.stateWords);
    const words = element("div", "fm-header-words", this.model, this.badge, this.state);
    this.element.append(words, this.stop, this.copy);
    this.stop.addEventListener("click", () => this.press());
    this.copy.addEventListener("click", () => void copyFrom(this.copy, visible(this.answer?.text ?? "")));
  }

  show(answer: Answer): void {
    this.answer = answer;
    const live = isLive(answer.phase);
    setText(this.model, answer.background ? `${answer.model} in the background` : answer.model);
    setText(this.badgeWords, answer.badge);
    setHidden(this.badge, !answer.badge);
    this.badge.classList.toggle("fm-fast", answer.speed === "fast");
    setText(this.stateWords, answer.words);
    setHidden(this.state, !answer.words);
    this.state.classList.toggle("fm-live", live);
    this.showActions(live);
  }

  private showActions(live: boolean): void {
    if (!live) this.stopping = "";
    const pressed = this.stopping !== "" && this.stopping === this.answer?.run;
    setText(this.stop, pressed ? "Stopping…" : "Stop");
    this.stop.disabled = pressed;
    setHidden(this.stop, !live || !this.host.stop);
    setHidden(this.copy, live || !this.answer?.text);
    if (this.stop.hidden && this.hadFocus) {
      this.hadFocus = false;
      if (!document.activeElement || document.activeElement === document.body) this.copy.focus();
    }
  }

  private press(): void {
    if (!this.answer) return;
    this.stopping = this.answer.run;
    this.hadFocus = this.stop.matches(":focus"); // which it loses with being disabled
    this.showActions(true);
    this.host.stop?.(this.answer.run);
  }
}
