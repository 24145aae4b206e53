/** Words for the session: pure formatting. Money comes as words and stays words. */

import type { Gauge, Status } from "./protocol";

const SEPARATOR = " · ";
const MINUTE_S = 60;
const MANY_ANSWERS = 100; // more than these are not counted
const TINY = 1e-6; // what arithmetic loses

/** What is in a bucket by now; `elapsed_s` counts from when its report came. */
function held({ limit, remaining, age_s }: Gauge, elapsed_s: number): number {
  return Math.min(limit, remaining + (limit / MINUTE_S) * (age_s + elapsed_s));
}

/** The same in whole tokens; a bucket that owes is empty. */
export function level(gauge: Gauge, elapsed_s: number): number {
  return Math.max(0, Math.round(held(gauge, elapsed_s)));
}

/** "about 4 more answers like this at fast speed this minute", as text.py says it too; "" where that is unknown. */
export function forecast({ usual, quota, cooldown_s }: Status, elapsed_s: number): string {
  const [input, output] = ["input", "output"].map((name) => quota?.find((gauge) => gauge.name === name));
  if (!usual || !input || !output) return "";
  // each bucket, what an answer takes of it, and what must be there for it to begin
  const needs: [Gauge, number, number][] = [
    [input, usual.input_tokens, usual.input_tokens],
    [output, usual.output_tokens, 1],
    ...(usual.requests ? [[usual.requests, 1, 1] as [Gauge, number, number]] : []),
  ];
  if (needs.some(([{ limit }, , begins]) => begins > limit || limit <= 0)) {
    return "an answer like this never fits into the fast pool";
  }
  const waits = needs.map(([gauge, , begins]) => ((begins - held(gauge, elapsed_s)) * MINUTE_S) / gauge.limit);
  const next_s = Math.max(0, (cooldown_s ?? 0) - elapsed_s, ...waits);
  return forecastWords(needs, next_s, elapsed_s);
}

function forecastWords(needs: readonly [Gauge, number, number][], next_s: number, elapsed_s: number): string {
  const refilled = Math.max(0, 1 - next_s / MINUTE_S);
  const fit = needs.map(([gauge, takes]) => {
    const tokens = held(gauge, elapsed_s + next_s) + gauge.limit * refilled;
    return Math.floor(tokens / Math.max(takes, 1) + TINY);
  });
  const answers = next_s < MINUTE_S ? Math.max(1, Math.min(...fit)) : 0;
  const wait_s = Math.ceil(next_s - TINY);
  if (wait_s > 0 && answers <= 1) return `the next one like this fits at fast speed in ${wait_s} s`;
  const number = answers > MANY_ANSWERS ? `more than ${MANY_ANSWERS}` : `about ${answers} more`;
  const words = `${number} answer${answers === 1 ? "" : "s"} like this at fast speed this minute`;
  return wait_s > 0 ? `${words}; the next one fits in ${wait_s} s` : words;
}

/** "98% of 2,000,000", "none". */
export function levelWords(tokens: number, limit: number): string {
  return limit > 0 ? `${Math.floor((100 * tokens) / limit)}% of ${limit.toLocaleString("en-US")}` : "none";
}

/** Whole seconds of a cooldown that are left. */
export function left(cooldown_s: number, elapsed_s: number): number {
  return Math.max(0, Math.ceil(cooldown_s - elapsed_s));
}

/** Seconds since a message came; a saved one stands still. */
export function elapsed(now_ms: number, received_ms: number | null): number {
  return received_ms === null ? 0 : Math.max(0, (now_ms - received_ms) / 1000);
}

/** "as of 23 Nov 2026, 04:33". */
export function asOf(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return "as of an unknown time";
  return `as of ${time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}`;
}

/** Whether a cooldown has ended since it was told: fast is asked again. */
export function isOver({ state, cooldown_s }: Status, elapsed_s: number): boolean {
  return state === "cooldown" && cooldown_s !== null && left(cooldown_s, elapsed_s) === 0;
}

/** "fast mode on", "cooling down, 12 s", "fast mode off". */
export function stateWords(status: Status, elapsed_s: number): string {
  if (status.state !== "cooldown") return `fast mode ${status.state}`;
  if (isOver(status, elapsed_s)) return "fast mode on";
  return status.cooldown_s === null ? "cooling down" : `cooling down, ${left(status.cooldown_s, elapsed_s)} s`;
}

/** The session in a status bar: "fast · 198 tok/s · $0.0207", "cooldown 12 s · $0.02". */
export function statusLine(status: Status, now_ms: number, received_ms: number | null): string {
  const { cooldown_s, badge, facts, running } = status;
  const state = isOver(status, elapsed(now_ms, received_ms)) ? "on" : status.state;
  const cooldown = cooldown_s === null ? "cooldown" : `cooldown ${left(cooldown_s, elapsed(now_ms, received_ms))} s`;
  const speed = badge.split(":", 1)[0] || "fast on"; // why it is not fast stands in the panel
  const rate = state === "on" ? facts.find(([, words]) => words.includes("tok/s"))?.[1] : "";
  const cost = facts.find(([label]) => label === "session") ?? facts.find(([, words]) => /^~?\$/.test(words));
  const first = { on: speed, cooldown, off: "fast off" }[state];
  return [first, rate, cost?.[1], running > 1 ? `${running} running` : ""].filter(Boolean).join(SEPARATOR);
}
