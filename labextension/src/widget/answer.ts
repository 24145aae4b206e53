/** The answer for front ends that carry anywidget. */

import type { Answer, ToKernel, ToPage } from "../protocol";
import { AnswerStore, StatusStore } from "../store";
import { mountAnswer } from "../view/answer";
import type { Host } from "../view/host";

interface Model {
  get(name: "answer"): Answer;
  get(name: "math"): string;
  on(event: string, callback: (message: ToPage) => void): void;
  off(event: string, callback: (message: ToPage) => void): void;
  send(message: ToKernel): void;
}

// JupyterLab makes the shell by which a busy kernel hears only after the view
const HELLO_MS = 300;
const MOST_HELLOS = 10;

/** By run: `initialize` and `render` get different models of one widget. */
const stores = new Map<string, { answer: AnswerStore; status: StatusStore; host: Host }>();
let math: Promise<Awaited<ReturnType<Host["loadMath"]>>> | null = null;
let pushed: (source: string) => void = () => {};
const source = new Promise<string>((resolve) => {
  pushed = resolve;
});

function loadMath() {
  // the kernel pushes the module when it sees the first formula: a busy one could not be asked
  math ??= source.then((text) => import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))));
  return math;
}

export default {
  initialize({ model }: { model: Model }) {
    const answer = new AnswerStore(model.get("answer"));
    const status = new StatusStore();
    const { run } = answer.answer;
    const host: Host = { status: () => status, loadMath };
    stores.set(run, { answer, status, host });
    const receive = (message: ToPage) => {
      if (message.heard) host.stop = (stopped) => model.send({ stop: stopped }); // else it would stop too late
      if (message.frame) answer.apply(message.frame);
      if (message.status) status.set(message.status, performance.now());
    };
    const snapshot = () => answer.set(model.get("answer"));
    const mathematics = () => model.get("math") && pushed(model.get("math"));
    mathematics();
    model.on("msg:custom", receive);
    model.on("change:math", mathematics);
    model.on("change:answer", snapshot);
    return () => {
      stores.delete(run);
      model.off("msg:custom", receive);
      model.off("change:math", mathematics);
      model.off("change:answer", snapshot);
    };
  },
  render({ model, el }: { model: Model; el: HTMLElement }) {
    const store = stores.get(model.get("answer").run);
    if (!store) return;
    let hellos = 0;
    const hello = () => {
      if (store.host.stop || hellos++ === MOST_HELLOS) clearInterval(again);
      else model.send({ hello: true });
    };
    const again = setInterval(hello, HELLO_MS);
    hello();
    const unmount = mountAnswer(el, store.answer, store.host);
    return () => {
      clearInterval(again);
      unmount();
    };
  },
};
