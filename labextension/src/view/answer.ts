/** An answer: its header, its thinking, its text, and what there is to know of it. */

import { type AnswerStore, isLive } from "../store";
import { Announcer } from "./announcer";
import { element, setAttribute, setHidden } from "./dom";
import { Facts } from "./facts";
import { Header } from "./header";
import type { Host } from "./host";
import { Notices } from "./notices";
import { Pace } from "./pace";
import { Pane } from "./pane";
import { Strip } from "./strip";
import { addStyle } from "./style";
import css from "./style.css";
import { Thinking } from "./thinking";

/** Show `store` in `element`; returns what takes it away again. */
export function mountAnswer(parent: HTMLElement, store: AnswerStore, host: Host): () => void {
  const view = new AnswerView(store, host);
  parent.append(view.element);
  view.begin();
  const end = store.subscribe(() => view.update());
  const endStatus = host.status?.(store.answer.run)?.subscribe(() => view.told());
  return () => {
    end();
    endStatus?.();
    view.dispose();
  };
}

class AnswerView {
  readonly element = element("section", "fm-view fm-answer");
  private readonly pace = new Pace(this.element);
  private readonly header: Header;
  private readonly thinking: Thinking;
  private readonly pane: Pane;
  private readonly gap = element("p", "fm-gap", "… some text is still on its way");
  private readonly notices = new Notices();
  private readonly facts = new Facts();
  private readonly strip: Strip;
  private readonly announcer = new Announcer();

  constructor(
    private readonly store: AnswerStore,
    host: Host,
  ) {
    this.pace.add(() => this.paint());
    this.pace.watch(this.announcer.element);
    this.header = new Header(host);
    this.thinking = new Thinking(this.pace, host);
    this.pane = new Pane(this.pace, host);
    this.strip = new Strip(host.status?.(store.answer.run) ?? null);
    this.element.append(
      this.header.element,
      this.thinking.element,
      this.pane.element,
      this.gap,
      this.notices.element,
      this.facts.element,
      this.strip.element,
      this.announcer.element,
    );
  }

  /** Show what there is, now if there is a page to show it in. */
  begin(): void {
    this.update();
    this.pace.begin();
  }

  /** Take over what changed; it is shown with the next paint. */
  update(): void {
    const { answer } = this.store;
    const live = isLive(answer.phase);
    this.thinking.update(answer);
    this.pane.update(answer.text, live);
    this.pace.request(!live);
  }

  /** The session has said something, which is shown beside an answer that is coming. */
  told(): void {
    if (isLive(this.store.answer.phase)) this.pace.request();
  }

  dispose(): void {
    this.announcer.dispose();
    this.pace.dispose();
    this.element.remove();
  }

  private paint(): false {
    const { answer, gap } = this.store;
    addStyle(this.element, "view", css);
    setAttribute(this.element, "aria-label", `Answer from ${answer.model}`);
    setAttribute(this.pane.element, "aria-busy", String(isLive(answer.phase)));
    this.header.show(answer);
    this.thinking.show(answer);
    setHidden(this.gap, !gap);
    this.notices.show(answer.notices);
    this.facts.show(answer.facts, answer.rates);
    this.strip.show(isLive(answer.phase));
    this.announcer.show(answer);
    return false;
  }
}
