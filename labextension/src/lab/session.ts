/** One kernel's session as the page knows it: its comm, its runs, its status. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Comm, KernelConnection, Message } from "@jupyterlab/services";
import { ANSWER_MIME, type Answer, COMM_TARGET, type Insert, type Late, type ToKernel, type ToPage } from "../protocol";
import { AnswerStore, isLive, StatusStore } from "../store";
import { Line } from "./line";

const DOCUMENT_MS = 500; // a page that was reloaded does not get the document of a run that began before, nor does an Output widget

export class Session {
  readonly status = new StatusStore();
  readonly runs = new Map<string, AnswerStore>();
  /** The views of its notebook. */
  readonly panels = new Set<NotebookPanel>();
  /** Called with answers that belong into cells of this page. */
  onLate: (late: Late[]) => void = () => {};
  onLive: (cell: string, answer: Answer) => void = () => {};
  /** Called with code for new cells of this page. */
  onInsert: (insert: Insert) => void = () => {};
  /** Called when the kernel of running answers has gone. */
  onLost: () => void = () => {};
  /** The documents of runs that have ended. */
  readonly documents = new Map<string, Record<string, unknown>>();
  /** Runs that this page has seen begin: Jupyter itself brings their documents to where they belong. */
  private readonly witnessed = new Set<string>();
  /** Ended runs that are not yet in a saved notebook. */
  private readonly unsaved = new Set<string>();
  private line: Line | null = null;
  private readonly wanted = new Set<string>();

  /** `adopt` finds the store of an answer that was shown before its kernel was found. */
  constructor(
    readonly kernel: KernelConnection,
    private readonly adopt: (run: string) => AnswerStore | undefined,
  ) {
    kernel.registerCommTarget(COMM_TARGET, this.open);
    kernel.statusChanged.connect(this.follow);
    kernel.iopubMessage.connect(this.overhear);
  }

  /** Look for a session that is older than this page. */
  async find(): Promise<void> {
    const reply = await this.kernel.requestCommInfo({ target_name: COMM_TARGET });
    const id = Object.keys(reply.content.comms ?? {}).at(-1);
    if (id && !this.line && !this.kernel.hasComm(id)) this.open(this.kernel.createComm(COMM_TARGET, id));
  }

  /** The store of a run; one that was shown before its kernel was found goes on, else it is made from `whole`. */
  private run(run: string, whole: Answer | undefined): AnswerStore | undefined {
    const known = this.runs.get(run);
    if (known) return known;
    const adopted = this.adopt(run);
    adopted?.find();
    const store = adopted ?? (whole && new AnswerStore(whole));
    if (store) this.runs.set(run, store);
    return store;
  }

  /** The document of a run has arrived. */
  ended(run: string, document: Record<string, unknown>): void {
    if (this.documents.has(run)) return;
    this.documents.set(run, document);
    this.unsaved.add(run);
  }

  /** The notebook is being saved; returns what to call when it is: the kernel need not keep what is in it. */
  saving(): () => void {
    const runs = [...this.unsaved];
    return () => {
      for (const run of runs) if (this.unsaved.delete(run)) this.send({ placed: run });
    };
  }

  send(message: ToKernel): boolean {
    void this.line?.send(message);
    return this.line !== null;
  }

  /** Runs that were still coming have lost their kernel. */
  lose(words: string): void {
    for (const store of this.runs.values()) if (isLive(store.answer.phase)) store.lose(words);
  }

  dispose(): void {
    this.kernel.statusChanged.disconnect(this.follow);
    this.kernel.iopubMessage.disconnect(this.overhear);
    this.kernel.removeCommTarget(COMM_TARGET, this.open);
    this.line?.dispose();
    this.lose("the page left the kernel");
  }

  /** A kernel that is busy does not tell its comms: a page that comes back to one knows its own by what they say. */
  private readonly overhear = (_: unknown, message: Message): void => {
    if (this.line) return void this.kernel.iopubMessage.disconnect(this.overhear);
    const { comm_id: id, data } = message.content as { comm_id?: string; data?: ToPage };
    const isOurs = typeof data?.frame?.run === "string" || data?.status?.version === 1;
    if (message.header.msg_type !== "comm_msg" || !id || !data || !isOurs) return;
    if (!this.kernel.hasComm(id)) this.open(this.kernel.createComm(COMM_TARGET, id));
    this.receive(data);
  };

  private readonly open = (comm: Comm): void => {
    const line = new Line(this.kernel, comm);
    this.line = line;
    comm.onMsg = (message) => this.receive(message.content.data as ToPage);
    comm.onClose = () => {
      if (this.line === line) this.line = null;
    };
    void line.send({ hello: true }); // not awaited: messages of the kernel stand still until this returns
  };

  private receive(message: ToPage): void {
    const { frame, status, ended, late, live, insert } = message;
    if (frame) {
      const isNew = !this.runs.has(frame.run);
      if (isNew && frame.whole && !frame.cell) this.witnessed.add(frame.run);
      this.frame(frame.run, frame.whole, (store) => store.apply(frame));
      if (isNew && frame.whole && frame.cell) this.onLive(frame.cell, frame.whole);
    }
    if (status) this.status.set(status, performance.now());
    for (const one of live ?? []) {
      this.frame(one.whole.run, one.whole, (store) => store.apply({ run: one.whole.run, whole: one.whole }));
      this.onLive(one.cell, one.whole);
    }
    if (late?.length) this.late(late);
    if (insert?.to === this.kernel.clientId) this.onInsert(insert);
    if (ended) setTimeout(() => this.documents.has(ended) || this.send({ want: ended }), DOCUMENT_MS);
  }

  /** Documents that Jupyter did not bring: to their cells if it could not, as after a reload, and to their views. */
  private late(late: Late[]): void {
    const away = late.filter(({ run }) => !this.witnessed.has(run));
    if (away.length) this.onLate(away);
    for (const { run, bundle } of late) {
      this.ended(run, bundle);
      this.runs.get(run)?.set(bundle[ANSWER_MIME] as Answer);
    }
  }

  private frame(run: string, whole: Answer | undefined, use: (store: AnswerStore) => void): void {
    const store = this.run(run, whole);
    if (store) use(store);
    const complete = store && !store.gap;
    if (complete) this.wanted.delete(run);
    else if (!this.wanted.has(run)) {
      this.wanted.add(run); // once: the frames of a busy kernel come thirty times a second
      this.send({ want: run });
    }
  }

  private readonly follow = (_: unknown, status: string): void => {
    if (!["dead", "restarting", "autorestarting", "terminating"].includes(status)) return;
    this.line = null;
    this.status.clear();
    this.lose("the kernel stopped");
    this.onLost();
  };
}
