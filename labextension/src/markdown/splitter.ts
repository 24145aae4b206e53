/** A growing text cut into top-level blocks: one pass, and a block that is done never changes. */

import {
  closes,
  content,
  type Fence,
  fence,
  formula,
  isAmbiguous,
  isBlank,
  isBullet,
  isHeading,
  isRule,
  margin,
} from "./lines";
import { provisional } from "./provisional";

/** Larger ones are shown as they were written: marked's time grows with the length, and with the lines times it. */
export const LARGEST_BLOCK = 64_000;
const MOST_WORK = 25_000_000;

const FORMULA_LINES = 100;
const FORMULA_LENGTH = 8_000;
const CLOSER = { $$: "$$", "\\[": "\\]" };

export interface Block {
  /** `flow`: Markdown for the lexer. `plain`: shown as it was written. */
  kind: "flow" | "code" | "formula" | "plain";
  source: string;
  /** What stands behind the opening fence. */
  info: string;
}

export class Splitter {
  /** The blocks that are done, in order; whoever takes them empties it. */
  done: Block[] = [];
  private unended = "";
  private open: "nothing" | "flow" | "code" | "formula" = "nothing";
  private source = "";
  /** Blank lines that belong to the block only if it goes on after them. */
  private gap = "";
  /** Lines that are not blank. */
  private count = 0;
  /** The column of a list item's content; 0 outside lists. */
  private item = 0;
  private fence: Fence | null = null;
  private begun = false;
  private opener: keyof typeof CLOSER = "$$";
  /** The lines of the formula so far, and how many characters they have. */
  private lines: string[] = [];
  private length = 0;
  /** So many lines were taken for a formula and were none. */
  private literal = 0;

  /** Take more text. */
  push(text: string): void {
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.line(this.unended + text.slice(from, end));
      this.unended = "";
      from = end + 1;
    }
    this.unended += text.slice(from);
  }

  /** There is no more text: the rest is done, too. */
  end(): void {
    if (this.unended) this.line(this.unended);
    this.unended = "";
    if (this.open === "formula") this.giveUp();
    this.close();
  }

  /** What the text after the blocks that are done looks like so far. */
  unfinished(): Block[] {
    const probe = new Splitter();
    Object.assign(probe, this);
    probe.done = [];
    probe.lines = [...this.lines];
    if (!isAmbiguous(this.unended)) probe.line(this.unended);
    const { open, source, fence } = probe;
    if (open === "formula") return [...probe.done, { kind: "formula", source: probe.lines.join("\n"), info: "" }];
    if (open === "code") return [...probe.done, { kind: "code", source, info: fence?.info ?? "" }];
    probe.close();
    const last = probe.done.at(-1);
    if (open === "flow" && last?.kind === "flow") last.source = provisional(last.source);
    return probe.done;
  }

  private line(line: string): void {
    if (this.open === "code") this.codeLine(line);
    else if (this.open === "formula") this.formulaLine(line);
    else this.flowLine(line);
  }

  private flowLine(line: string): void {
    const literal = this.literal > 0;
    if (literal) this.literal--;
    if (isBlank(line)) {
      this.gap += `\n${line}`;
      return;
    }
    if (this.open === "flow" && !this.ends(line, literal)) this.continue(line);
    else {
      this.close();
      this.start(line, literal);
    }
  }

  /** Whether a line that is not blank begins a new block. */
  private ends(line: string, literal: boolean): boolean {
    const column = margin(line);
    if (this.item) {
      if (column >= this.item) return false;
      if (this.gap) return !isBullet(line) || isRule(line);
    } else if (this.gap) return column < 4;
    return fence(line) !== null || isHeading(line) || (!literal && this.opensFormula(line));
  }

  private start(line: string, literal: boolean): void {
    const opener = fence(line);
    if (opener) {
      this.open = "code";
      this.fence = opener;
      this.begun = false;
    } else if (!literal && this.opensFormula(line)) {
      this.open = "formula";
      this.opener = formula(line) ?? "$$";
      this.lines = [];
      this.length = 0;
      this.formulaLine(line);
    } else if (isHeading(line) || isRule(line)) {
      this.done.push({ kind: "flow", source: line, info: "" });
    } else {
      this.open = "flow";
      this.source = line;
      this.count = 1;
      this.follow(line);
    }
  }

  private continue(line: string): void {
    this.source += `${this.gap}\n${line}`;
    this.count++;
    this.gap = "";
    this.follow(line);
  }

  /** Keep the column of the list's items. */
  private follow(line: string): void {
    if (isBullet(line) && !isRule(line) && (!this.item || margin(line) < this.item)) this.item = content(line);
  }

  private codeLine(line: string): void {
    const { fence } = this;
    if (fence && closes(line, fence)) {
      this.close();
      return;
    }
    const code = line.slice(Math.min(fence?.margin ?? 0, line.search(/[^ ]|$/)));
    this.source = this.begun ? `${this.source}\n${code}` : code;
    this.begun = true;
  }

  /** Whether the line begins a formula that stands alone: nothing follows on the line that closes it. */
  private opensFormula(line: string): boolean {
    const opener = formula(line);
    if (!opener) return false;
    const rest = line.trim().slice(2);
    const end = rest.indexOf(CLOSER[opener]);
    return end < 0 || (end > 0 && end === rest.length - 2);
  }

  private formulaLine(line: string): void {
    const from = this.lines.length ? 0 : line.indexOf(this.opener) + 2;
    const end = line.indexOf(CLOSER[this.opener], from);
    this.length += line.length;
    if (end < 0) {
      this.lines.push(line);
      if (fence(line) || this.lines.length > FORMULA_LINES || this.length > FORMULA_LENGTH) this.giveUp();
      return;
    }
    const source = [...this.lines, line.slice(0, end + 2)].join("\n");
    this.open = "nothing";
    this.lines = [];
    this.done.push({ kind: "formula", source, info: "" });
    const rest = line.slice(end + 2);
    if (!isBlank(rest)) this.flowLine(rest.trimStart());
  }

  /** It was no formula: its lines mean what they mean without one. */
  private giveUp(): void {
    const { lines } = this;
    this.open = "nothing";
    this.lines = [];
    this.literal = lines.length;
    for (const line of lines) this.line(line);
  }

  private close(): void {
    const { open, source } = this;
    if (open === "flow") {
      const large = source.length > LARGEST_BLOCK || source.length * this.count > MOST_WORK;
      this.done.push({ kind: large ? "plain" : "flow", source, info: "" });
    } else if (open === "code") this.done.push({ kind: "code", source, info: this.fence?.info ?? "" });
    this.open = "nothing";
    this.source = this.gap = "";
    this.item = 0;
    this.fence = null;
  }
}
