/** The end of a text that is still coming, so that nothing looks like something else for a moment. */

const HALF_PAIR = /[\ud800-\udbff]$/;
const ROW = /^ {0,3}\|/;
const SPAN = /(`+)(?:[^`]|[^`].*?[^`])\1(?!`)/g;
const OPEN_LINK = /!?\[([^\][]*)\]\([^()\s]*$/;
const LONGEST = 2_000;

/** The source as it is shown meanwhile: without the first row of what may be a table, and with what is open closed. */
export function provisional(source: string): string {
  const start = source.lastIndexOf("\n") + 1;
  const before = source.slice(0, start);
  const line = source.slice(start).replace(HALF_PAIR, "");
  const previous = before.slice(before.lastIndexOf("\n", start - 2) + 1);
  if (ROW.test(line) && !ROW.test(previous)) return before.slice(0, -1);
  return before + (line.length > LONGEST ? line : closed(line));
}

/** The line with its last code span, link or bold text closed. */
function closed(line: string): string {
  const outside = line.replace(SPAN, "");
  const [ticks] = /`+/.exec(outside) ?? [];
  if (ticks) return line.endsWith(ticks) ? line.slice(0, -ticks.length) : line + ticks;
  if ((outside.match(/\*\*/g)?.length ?? 0) % 2 === 0) return line.replace(OPEN_LINK, "$1");
  return line.endsWith("**") ? line.slice(0, -2) : `${line.replace(OPEN_LINK, "$1").trimEnd().replace(/\*$/, "")}**`;
}
