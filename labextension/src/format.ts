/** Words for the session: pure formatting. Money comes as words and stays words. */

import type { Gauge, Status } from "./protocol";

const SEPARATOR = " · ";
const MINUTE_S = 60;

/** Tokens in a bucket by now; `elapsed_s` counts from when its report came. */
export function level({ limit, remaining, age_s }: Gauge, elapsed_s: number): number {
  return Math.min(limit, Math.round(remaining + (limit / MINUTE_S) * (age_s + elapsed_s)));
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
