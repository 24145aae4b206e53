/** The renderer of our MIME types: the same view as the widget's, in JupyterLab's and Notebook's outputs. */

import type { MimeModel, Renderer } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";
import { ANSWER_MIME, type Answer, STATUS_MIME, type Status } from "../protocol";
import { type AnswerStore, isLive, StatusStore } from "../store";
import { mountAnswer } from "../view/answer";
import type { Host } from "../view/host";
import { mountStatus } from "../view/status";
import { isUnfinished } from "./outputs";
import type { Sessions } from "./sessions";

abstract class View extends Widget implements Renderer {
  private unmount: (() => void) | null = null;

  abstract renderModel(model: MimeModel): Promise<void>;

  protected mount(unmount: () => void): void {
    this.unmount?.();
    this.unmount = unmount;
  }

  override dispose(): void {
    this.unmount?.();
    this.unmount = null;
    super.dispose();
  }
}

export class AnswerView extends View {
  private store: AnswerStore | null = null;

  constructor(
    private readonly sessions: Sessions,
    private readonly host: Host,
  ) {
    super();
    this.addClass("fm-lab-answer");
  }

  async renderModel(model: MimeModel): Promise<void> {
    const answer = model.data[ANSWER_MIME] as Answer;
    const store = this.sessions.store(answer, isUnfinished(model.metadata));
    if (this.store !== store) this.mount(mountAnswer(this.node, store, this.host));
    this.store = store;
    if (!isLive(answer.phase)) this.sessions.ended(answer.run, { ...model.data });
  }
}

export class StatusView extends View {
  private readonly saved = new StatusStore();
  private shown: StatusStore | null = null;
  private unsubscribe = () => {};

  constructor(private readonly live: (node: HTMLElement) => StatusStore | null) {
    super();
    this.addClass("fm-lab-status");
  }

  async renderModel(model: MimeModel): Promise<void> {
    this.saved.set(model.data[STATUS_MIME] as Status, null);
    queueMicrotask(() => this.isDisposed || this.follow(this.live(this.node)));
  }

  override dispose(): void {
    this.unsubscribe();
    super.dispose();
  }

  /** Where the kernel still speaks, its numbers, so that several views agree; else the last ones. */
  private follow(live: StatusStore | null): void {
    this.unsubscribe();
    const choose = () => {
      const store = live?.status ? live : this.saved;
      if (store !== this.shown) this.mount(mountStatus(this.node, store));
      this.shown = store;
    };
    choose();
    this.unsubscribe = live?.subscribe(choose) ?? (() => {});
  }
}
