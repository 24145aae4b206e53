/** What blocks get when they are done: colours, buttons, formulas. It can wait, and it comes in slices. */

import { formula } from "../markdown";
import { finishCode } from "./code";
import type { Host } from "./host";
import { loadMath, type Renderer } from "./math";
import { addStyle } from "./style";

const LONGEST_FORMULA = 4_000;

export class Finish {
  private readonly codes = new Queue<HTMLElement>();
  private readonly formulas = new Queue<HTMLElement>();
  private math: Renderer | null = null;
  private asked = false;

  constructor(
    private readonly host: Host,
    private readonly onMath: () => void,
  ) {}

  /** Take on a block that is done. */
  add(block: HTMLElement): void {
    for (const code of block.querySelectorAll<HTMLElement>(".fm-code")) this.codes.push(code);
    for (const span of block.querySelectorAll<HTMLElement>(".fm-math")) this.formulas.push(span);
  }

  /** Work until time is up; true if that was too early. */
  work(isTimeUp: () => boolean): boolean {
    const codes = this.codes.drain((code) => finishCode(code, this.host), isTimeUp);
    if (!this.math) {
      if (this.formulas.size) this.ask();
      return !codes;
    }
    const { math } = this;
    return !(codes && this.formulas.drain((span) => finishFormula(span, math), isTimeUp));
  }

  private ask(): void {
    if (this.asked) return;
    this.asked = true;
    loadMath(this.host).then(
      (math) => {
        this.math = math;
        this.onMath();
      },
      () => {}, // the formulas stay as they were written
    );
  }
}

function finishFormula(span: HTMLElement, math: Renderer): void {
  const { source, display } = formula(span.textContent);
  if (source.length > LONGEST_FORMULA) return;
  addStyle(span, "math", math.style);
  const rendered = span.cloneNode() as HTMLElement;
  try {
    math.render(source, rendered, display);
    span.replaceChildren(...rendered.childNodes);
    span.classList.add("fm-math-done");
  } catch {
    // what cannot be rendered stays as it was written
  }
}

class Queue<T> {
  private items: T[] = [];
  private next = 0;

  get size(): number {
    return this.items.length - this.next;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Work on the items in order; false if time was up before the last one. */
  drain(work: (item: T) => void, isTimeUp: () => boolean): boolean {
    while (this.next < this.items.length) {
      if (isTimeUp()) return false;
      work(this.items[this.next++] as T);
    }
    this.items = [];
    this.next = 0;
    return true;
  }
}
