/** The session: whether it is fast and why not, its facts, and what is left of the fast quota. */

import { asOf, elapsed, forecast, isOver, level, stateWords } from "../format";
import type { Status } from "../protocol";
import type { StatusStore } from "../store";
import { element, setHidden, setText } from "./dom";
import { Facts } from "./facts";
import { Gauges } from "./gauges";
import { icon } from "./icon";
import { addStyle } from "./style";
import css from "./style.css";

export { statusLine } from "../format";

const TICK_MS = 1000;

/** Show the session in `element`; returns what takes it away again. */
export function mountStatus(parent: HTMLElement, store: StatusStore): () => void {
  const view = new StatusView(store);
  parent.append(view.element);
  view.show();
  const end = store.subscribe(() => view.show());
  return () => {
    end();
    view.dispose();
  };
}

class StatusView {
  readonly element = element("section", "fm-view fm-status");
  private readonly state = element("span", "fm-badge");
  private readonly stateWords = element("span");
  private readonly why = element("span", "fm-state");
  private readonly last = element("p", "fm-quiet");
  private readonly facts = new Facts();
  private readonly gauges = new Gauges();
  private readonly forecast = element("p", "fm-forecast");
  private readonly time = element("p", "fm-quiet");
  private readonly sight = new IntersectionObserver((entries) => this.look(entries));
  private inSight = true;
  private timer = 0;

  constructor(private readonly store: StatusStore) {
    this.element.setAttribute("aria-label", "Fast mode");
    this.state.append(icon("bolt"), this.stateWords);
    const header = element("header", "fm-header", element("div", "fm-header-words", this.state, this.why));
    const body = element("div", "fm-status-body", this.last, this.gauges.element, this.forecast, this.time);
    this.element.append(header, body, this.facts.element);
    this.sight.observe(this.element);
  }

  /** Show the session as it is now, and again in a second if that will be something else. */
  show(): void {
    clearTimeout(this.timer);
    if (!this.inSight && !this.element.hidden) return; // what is hidden is never in sight
    addStyle(this.element, "view", css);
    const { status, received_ms } = this.store;
    setHidden(this.element, !status);
    if (!status) return;
    const changing = this.paint(status, elapsed(performance.now(), received_ms));
    setHidden(this.time, received_ms !== null);
    if (received_ms === null) setText(this.time, asOf(status.at));
    else if (changing) this.wait();
  }

  private wait(): void {
    this.timer = window.setTimeout(() => (document.hidden ? this.wait() : this.show()), TICK_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.sight.disconnect();
    this.element.remove();
  }

  private paint(status: Status, elapsed_s: number): boolean {
    const over = isOver(status, elapsed_s);
    this.state.classList.toggle("fm-fast", status.state === "on" || over);
    setText(this.stateWords, stateWords(status, elapsed_s));
    setText(this.why, over ? "fast is asked for again" : status.why);
    setText(this.last, `last answer: ${status.badge}`);
    setHidden(this.last, !status.badge);
    this.facts.show(status.facts, status.rates);
    const filling = this.gauges.show(status.quota, elapsed_s);
    const fits = forecast(status, elapsed_s);
    setText(this.forecast, fits);
    setHidden(this.forecast, !fits);
    const { requests } = status.usual ?? {};
    const freeing = requests ? level(requests, elapsed_s) < requests.limit : false;
    return filling || freeing || (status.state === "cooldown" && !over);
  }

  private look(entries: IntersectionObserverEntry[]): void {
    this.inSight = entries.at(-1)?.isIntersecting ?? true;
    this.show();
  }
}
