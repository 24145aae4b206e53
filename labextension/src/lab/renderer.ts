/** The renderer of our MIME types: the same view as the widget's, in JupyterLab's and Notebook's outputs. */

import type { MimeModel, Renderer } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";
import { ANSWER_MIME, type Answer, STATUS_MIME, type Status } from "../protocol";
import { type AnswerStore, isLive, StatusStore } from "../store";
import { mountAnswer } from "../view/answer";
import type { Host } from "../view/host";
import { mountStatus } from "../view/status";
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
    const store = this.sessions.store(answer);
    if (this.store !== store) this.mount(mountAnswer(this.node, store, this.host));
    this.store = store;
    if (!isLive(answer.phase)) this.sessions.ended(answer.run, { ...model.data });
  }
}

export class StatusView extends View {
  private readonly saved = new StatusStore();

  constructor(private readonly live: (node: HTMLElement) => StatusStore | null) {
    super();
    this.addClass("fm-lab-status");
  }

  async renderModel(model: MimeModel): Promise<void> {
    this.saved.set(model.data[STATUS_MIME] as Status, null);
    // where the kernel still speaks, its numbers: several views agree
    queueMicrotask(() => this.isDisposed || this.mount(mountStatus(this.node, this.live(this.node) ?? this.saved)));
  }
}
