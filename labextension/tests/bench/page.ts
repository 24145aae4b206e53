/** The bench's page: one answer that arrives in frames of 33 ms. */

import type { Answer } from "../../src/protocol";
import { AnswerStore } from "../../src/store";
import { mountAnswer } from "../../src/view/answer";
import { longAnswer } from "../corpus";

const FRAME_MS = 33;

const EMPTY: Answer = {
  version: 1,
  run: "bench",
  phase: "asking",
  words: "asked at fast speed",
  text: "",
  thinking: "",
  model: "claude-opus-5-5",
  asked: "fast",
  speed: null,
  badge: "asked for fast",
  facts: [],
  rates: [],
  notices: [],
  background: false,
  at: null,
};

interface Bench {
  play(sections: number, duration_ms: number, view: "" | "stays" | "follows"): Promise<number>;
}

/** Let the answer arrive within `duration_ms`; the milliseconds from the last frame to the last paint. */
async function play(sections: number, duration_ms: number, view: string): Promise<number> {
  const text = longAnswer(sections);
  const store = new AnswerStore(EMPTY);
  const math = view ? await import("/math.js" as string) : null;
  if (view) mountAnswer(document.body, store, { stop() {}, insertBelow() {}, loadMath: async () => math });
  const frames = Math.ceil(duration_ms / FRAME_MS);
  const start_ms = performance.now();
  let sent = 0;
  for (let frame = 1; frame <= frames; frame++) {
    await sleep(start_ms + frame * FRAME_MS - performance.now());
    const at = Math.round((text.length * frame) / frames);
    const rate = `~${190 + (frame % 20)} tok/s`;
    const facts =
      frame % 8
        ? undefined
        : ([
            ["rate", rate],
            ["first token", "0.42 s"],
          ] as [string, string][]);
    const rates = Array.from({ length: Math.min(60, frame >> 5) }, (_, index) => 180 + ((index * 7) % 31));
    const change = facts && { facts, rates, phase: "streaming", words: "answering", speed: "fast", badge: "fast" };
    if (view === "follows" && !(frame % 15)) scrollTo(0, document.body.scrollHeight);
    store.apply({ run: "bench", text: { at: sent, text: text.slice(sent, at) }, change: change ?? {} } as never);
    sent = at;
  }
  const end_ms = performance.now();
  store.apply({ run: "bench", change: { phase: "finished", words: "" } });
  if (!view) return 0;
  while (document.querySelectorAll(".fm-text > * > * > *").length < 6 * sections || shown(".fm-stop")) await frame();
  await frame();
  return performance.now() - end_ms;
}

function shown(selector: string): boolean {
  return document.querySelector<HTMLElement>(selector)?.hidden === false;
}

function frame(): Promise<number> {
  return new Promise(requestAnimationFrame);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

(window as unknown as { bench: Bench }).bench = { play };
