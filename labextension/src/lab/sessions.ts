/** The sessions of this page, by kernel; each notebook in front has the one of its kernel. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import type { KernelConnection } from "@jupyterlab/services";
import type { Answer } from "../protocol";
import { AnswerStore } from "../store";
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

  /** The store of an answer in some output: that of its run where a kernel is sending it, else its own. */
  store(answer: Answer): AnswerStore {
    const known = this.running(answer.run)?.runs.get(answer.run) ?? this.saved.get(answer.run);
    if (known && answer.run) {
      known.set(answer);
      return known;
    }
    const store = new AnswerStore(answer);
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

  /** Follow a notebook through its kernels until it is closed. */
  follow(panel: NotebookPanel): void {
    const context = panel.sessionContext;
    let session: Session | null = null;
    const attach = (kernel: KernelConnection | null) => {
      if (session) {
        keepWhatCame(panel, session);
        this.byKernel.delete(session.kernel);
        session.dispose();
      }
      session = kernel?.handleComms ? this.attach(panel, kernel) : null;
      for (const listener of this.listeners) listener();
    };
    context.kernelChanged.connect((_, change) => attach(change.newValue));
    attach(context.session?.kernel ?? null);
    let saved = () => {};
    panel.context.saveState.connect((_, state) => {
      if (state === "started" && session) {
        keepWhatCame(panel, session);
        saved = session.saving();
      } else if (state === "completed") saved();
    });
    panel.disposed.connect(() => attach(null));
  }

  private attach(panel: NotebookPanel, kernel: KernelConnection): Session {
    const session = new Session(kernel, (run) => this.saved.get(run));
    session.onLate = (late) => placeLate(panel, session, late);
    session.onLive = (cell, answer) => placeLive(panel, session, cell, answer);
    session.onLost = () => keepWhatCame(panel, session);
    this.byKernel.set(kernel, session);
    void panel.context.ready.then(() => session.find()).catch(() => undefined); // a kernel that is gone before it answers has no session to find
    return session;
  }
}
