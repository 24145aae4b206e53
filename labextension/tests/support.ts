/** What the tests share: texts shown in one go or piece by piece, answers, and chance that can be repeated. */

import type { Answer } from "../src/protocol";
import { AnswerStore } from "../src/store";
import { mountAnswer } from "../src/view/answer";
import { Article } from "../src/view/article";
import type { Host } from "../src/view/host";

const never = () => false;

/** The text, shown at once. */
export function shown(text: string): HTMLElement {
  const root = document.createElement("div");
  while (articles(root).show(text, false, never));
  return root;
}

/** The text as it looks after it came in these pieces. */
export function streamed(pieces: string[]): HTMLElement {
  const root = document.createElement("div");
  const article = articles(root);
  let text = "";
  for (const piece of pieces) {
    text += piece;
    article.show(text, true, never);
  }
  while (article.show(text, false, never));
  return root;
}

const known = new WeakMap<HTMLElement, Article>();

function articles(root: HTMLElement): Article {
  const article = known.get(root) ?? new Article(root, () => {});
  known.set(root, article);
  return article;
}

/** Numbers from 0 to 1 that are the same in each run. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function pick<T>(random: () => number, all: readonly T[]): T {
  return all[Math.floor(random() * all.length)] as T;
}

/** The text in pieces of 1 to about `most` units; no respect for surrogate pairs. */
export function pieces(text: string, most: number, random: () => number): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    const next = at + 1 + Math.floor(random() * most);
    found.push(text.slice(at, next));
    at = next;
  }
  return found;
}

export const ANSWER: Answer = {
  version: 1,
  run: "r1",
  phase: "finished",
  words: "",
  text: "",
  thinking: "",
  model: "claude-opus-5-5",
  asked: "fast",
  speed: "fast",
  badge: "fast",
  facts: [],
  rates: [],
  notices: [],
  background: false,
  at: null,
} as Answer;

export const HOST: Host = { loadMath: () => Promise.reject(new Error("there is none")) };

const mounted: (() => void)[] = [];

/** An answer in the page; `unmountAll` takes it away. */
export function mount(answer: Partial<Answer>, host: Host = HOST, parent: ParentNode & Node = document.body) {
  const cell = parent.appendChild(document.createElement("div"));
  const store = new AnswerStore({ ...ANSWER, ...answer });
  const dispose = mountAnswer(cell, store, host);
  mounted.push(() => {
    dispose();
    cell.remove();
  });
  const find = <T extends HTMLElement>(selector: string) => cell.querySelector(selector) as T;
  return { cell, store, dispose, find };
}

export function unmountAll(): void {
  for (const unmount of mounted.splice(0)) unmount();
}

export function frame(): Promise<number> {
  return new Promise(requestAnimationFrame);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Wait until `check` is true. */
export async function until(check: () => boolean, what: string, most_ms = 4000): Promise<void> {
  const end_ms = performance.now() + most_ms;
  while (!check()) {
    if (performance.now() > end_ms) throw new Error(`never: ${what}`);
    await sleep(10);
  }
}
