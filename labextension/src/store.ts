/** What a page knows of runs and sessions: messages in, state out. No DOM. */

import type { Answer, Frame, Phase, Status } from "./protocol";

const LIVE: ReadonlySet<Phase> = new Set(["asking", "waiting", "retrying", "thinking", "streaming"]);

export function isLive(phase: Phase): boolean {
  return LIVE.has(phase);
}

/** A value with listeners. */
class Observable {
  private listeners = new Set<() => void>();

  /** Call `listener` after every change; returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

/** One answer: a saved one, or one that grows by frames. */
export class AnswerStore extends Observable {
  /** Whether text is missing between what is here and what came. */
  gap = false;
  /** How it was when it was given up; its kernel may be found again. */
  private lost: Pick<Answer, "phase" | "words"> | null = null;

  constructor(public answer: Answer) {
    super();
  }

  /** Take a frame over; text that was seen before is skipped, text after a gap waits for `whole`. */
  apply(frame: Frame): void {
    if (frame.whole) this.merge(frame.whole);
    const text = grown(this.answer.text, frame.text);
    const thinking = grown(this.answer.thinking, frame.thinking);
    this.gap ||= text === null || thinking === null; // until a snapshot heals it
    this.answer = {
      ...this.answer,
      ...frame.change,
      text: text ?? this.answer.text,
      thinking: thinking ?? this.answer.thinking,
    };
    this.changed();
  }

  /** Take over what a document or a snapshot says; an older snapshot does not shorten what is here. */
  set(answer: Answer): void {
    this.merge(answer);
    this.changed();
  }

  /** The kernel is gone, or the page left it: what came stays. */
  lose(words: string): void {
    if (!isLive(this.answer.phase)) return;
    this.lost = { phase: this.answer.phase, words: this.answer.words };
    this.answer = { ...this.answer, phase: "cut off", words };
    this.changed();
  }

  /** Its kernel speaks of it. */
  find(): void {
    if (!this.lost) return;
    this.answer = { ...this.answer, ...this.lost };
    this.lost = null;
    this.changed();
  }

  private merge(answer: Answer): void {
    const { text, thinking, phase } = this.answer;
    const shorter = answer.text.length + answer.thinking.length < text.length + thinking.length;
    const over = !isLive(phase) && !this.lost;
    if (isLive(answer.phase) && (shorter || over)) return; // an older one
    this.lost = null;
    this.answer = answer;
    this.gap = false;
  }
}

/** The session of one kernel. */
export class StatusStore extends Observable {
  /** When `status` was received, on the page's clock; null for a saved one, whose gauges stand still. */
  received_ms: number | null = null;

  constructor(public status: Status | null = null) {
    super();
  }

  set(status: Status, now_ms: number | null): void {
    this.status = status;
    this.received_ms = now_ms;
    this.changed();
  }

  /** There is no session any more. */
  clear(): void {
    this.status = null;
    this.changed();
  }
}

function grown(text: string, piece: { at: number; text: string } | undefined): string | null {
  if (!piece || piece.at + piece.text.length <= text.length) return text;
  return piece.at > text.length ? null : text + piece.text.slice(text.length - piece.at);
}
