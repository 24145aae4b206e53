import type { StatusStore } from "../store";

/** What a front end can do for a view; what it cannot is absent, and its button is not shown. */
export interface Host {
  /** Stop this run. */
  stop?(run: string): void;
  /** Put code into a new cell below the answer. */
  insertBelow?(code: string, element: HTMLElement): void;
  /** The session that a run belongs to. */
  status?(run: string): StatusStore | null;
  /** The module `math.ts`. */
  loadMath(): Promise<{ render(source: string, element: HTMLElement, displayMode: boolean): void; style: string }>;
}
