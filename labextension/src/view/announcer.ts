/** What a screen reader says of an answer: how it goes, never its words. */

import type { Answer } from "../protocol";
import { isLive } from "../store";
import { element } from "./dom";

const APART_MS = 4000;

export class Announcer {
  readonly element = element("div", "fm-unseen");
  private said: string | null = null;
  private next_ms = 0;
  private timer = 0;

  constructor() {
    this.element.setAttribute("role", "status");
    this.element.setAttribute("aria-live", "polite");
  }

  /** Say what has changed; how it was when the view came is no news, unless it is still going on. */
  show(answer: Answer): void {
    const words = announcement(answer);
    const topic = words.replace(/[\d.,]+/g, ""); // a countdown that goes on is no news
    const known = this.said === topic || (this.said === null && !isLive(answer.phase));
    this.said = topic;
    if (known || !words) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.say(words), Math.max(0, this.next_ms - performance.now()));
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private say(words: string): void {
    this.next_ms = performance.now() + APART_MS;
    this.element.textContent = words;
  }
}

function announcement({ phase, words, badge, speed, facts }: Answer): string {
  switch (phase) {
    case "asking":
      return "";
    case "waiting":
    case "retrying":
      return words;
    case "thinking":
      return "Claude is thinking";
    case "streaming":
      return `Claude is answering${speed === badge ? ` at ${speed} speed` : `: ${badge}`}`;
    case "finished": {
      const pace = facts.find(([, value]) => value.includes("tok/s"))?.[1];
      return `Answer finished: ${pace ? `${badge}, ${pace}` : badge}`;
    }
    default:
      return words === phase ? `Answer ${phase}` : `Answer ${phase}: ${words}`;
  }
}
