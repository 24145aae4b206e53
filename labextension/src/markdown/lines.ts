/** What one line of Markdown can begin, as marked and CommonMark see it. */

const TAB = 4;
const BLANK = /^[ \t]*$/;
const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)$/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})$/;
const BULLET = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)/;
const FORMULA = /^ {0,3}(\$\$|\\\[)/;
const MARKERS_ONLY = /^[\s>#*+\-=_`~|:\d.)$\\[]{0,200}$/;

export interface Fence {
  /** The run of backticks or tildes. */
  mark: string;
  info: string;
  /** Spaces before it, which are no part of the code below. */
  margin: number;
}

export function fence(line: string): Fence | null {
  const found = FENCE.exec(line);
  if (!found?.[1]) return null;
  return { mark: found[1], info: found[2] ?? "", margin: line.indexOf(found[1]) };
}

/** Whether the line closes that fence. */
export function closes(line: string, { mark }: Fence): boolean {
  return /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1]?.startsWith(mark) ?? false;
}

/** What opens a display formula here, if something does. */
export function formula(line: string): "$$" | "\\[" | null {
  return (FORMULA.exec(line)?.[1] as "$$" | "\\[" | undefined) ?? null;
}

export function isHeading(line: string): boolean {
  return HEADING.test(line);
}

export function isRule(line: string): boolean {
  return RULE.test(line);
}

export function isBullet(line: string): boolean {
  return BULLET.test(line);
}

/** Whether the line may still become anything: nobody should see it before more of it has come. */
export function isAmbiguous(line: string): boolean {
  return MARKERS_ONLY.test(line);
}

export function isBlank(line: string): boolean {
  return BLANK.test(line);
}

/** The columns of white space at the line's start. */
export function margin(line: string): number {
  let column = 0;
  for (const sign of line) {
    if (sign === " ") column += 1;
    else if (sign === "\t") column += TAB - (column % TAB);
    else break;
  }
  return column;
}

/** The column where the content of a list item begins; what is further left does not belong to it. */
export function content(line: string): number {
  const bullet = BULLET.exec(line)?.[0].length ?? 0;
  const rest = line.slice(bullet);
  if (isBlank(rest)) return bullet + 1;
  const space = margin(" ".repeat(bullet % TAB) + rest) - (bullet % TAB);
  return bullet + (space > TAB ? 1 : space);
}
