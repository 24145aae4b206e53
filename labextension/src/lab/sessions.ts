/** The sessions of this page, by kernel; each notebook in front has the one of its kernel. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import type { KernelConnection } from "@jupyterlab/services";
import type { Answer } from "../protocol";
import { AnswerStore } from "../store";
import { InsertedCells } from "./inserted-cells";
import { keepWhatCame, placeLate, placeLive } from "./outputs";
import { Session } from "./session";

export class Sessions {
  private readonly byKernel = new Map<KernelConnection, Session>();
  private readonly saved = new Map<string, AnswerStore>();
  private readonly listeners = new Set<() => void>();

  /** Call `listener` whenever a notebook gets or loses a session. */
  subscribe(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** The session of the notebook's kernel, if it has one. */
  of(panel: NotebookPanel | null): Session | null {
    const kernel = panel?.sessionContext.session?.kernel;
    return (kernel && this.byKernel.get(kernel)) || null;
  }

  /**
   * The store of an answer in some output: that of its run where a kernel is sending it, else its own.
   * `unfinished` says that it was saved in the middle, and so has nothing new to say of a run that is known.
   */
  store(answer: Answer, unfinished: boolean): AnswerStore {
    const known = this.running(answer.run)?.runs.get(answer.run) ?? this.saved.get(answer.run);
    if (known && answer.run) {
      if (!unfinished) known.set(answer);
      return known;
    }
    const store = new AnswerStore(answer);
    if (unfinished) store.lose("saved while it was coming");
    this.saved.set(answer.run, store);
    return store;
  }

  /** The document of a run has arrived. */
  ended(run: string, document: Record<string, unknown>): void {
    this.running(run)?.ended(run, document);
  }

  /** The session that a run belongs to, while its kernel is connected. */
  running(run: string): Session | null {
    return [...this.byKernel.values()].find((session) => session.runs.has(run)) ?? null;
  }

  /** Follow a notebook through its kernels until it is closed. Several views of it share one session. */
  follow(panel: NotebookPanel): void {
    const { sessionContext, context } = panel;
    let session: Session | null = null;
    const attach = (kernel: KernelConnection | null) => {
      if (session) this.leave(session, panel);
      session = kernel?.handleComms ? this.join(kernel, panel) : null;
      for (const listener of this.listeners) listener();
    };
    const changed = (_: unknown, change: { newValue: KernelConnection | null }) => attach(change.newValue);
    let saved = () => {};
    const saving = (_: unknown, state: string) => {
      if (state === "started" && session) {
        keepWhatCame(panel, session);
        saved = session.saving();
      } else if (state === "completed") saved();
    };
    attach(sessionContext.session?.kernel ?? null);
    sessionContext.kernelChanged.connect(changed);
    context.saveState.connect(saving);
    panel.disposed.connect(() => {
      sessionContext.kernelChanged.disconnect(changed);
      context.saveState.disconnect(saving);
      attach(null);
    });
  }

  private join(kernel: KernelConnection, panel: NotebookPanel): Session {
    const known = this.byKernel.get(kernel);
    known?.panels.add(panel);
    if (known) return known;
    const session = new Session(kernel, (run) => this.saved.get(run));
    session.panels.add(panel);
    // the views of a notebook have one model: what is put into one of them is in all
    const use = (put: (panel: NotebookPanel) => void) => [...session.panels].slice(0, 1).forEach(put);
    session.onLate = (late) => use((one) => placeLate(one, session, late));
    session.onLive = (cell, answer) => use((one) => placeLive(one, session, cell, answer));
    const inserted = new InsertedCells();
    session.onInsert = (insert) => use((one) => inserted.put(one, insert));
    session.onLost = () => use((one) => keepWhatCame(one, session));
    this.byKernel.set(kernel, session);
    void panel.context.ready.then(() => session.find()).catch(() => undefined); // a kernel that is gone before it answers has no session to find
    return session;
  }

  private leave(session: Session, panel: NotebookPanel): void {
    session.panels.delete(panel);
    if (session.panels.size) return;
    keepWhatCame(panel, session);
    this.byKernel.delete(session.kernel);
    session.dispose();
  }
}
