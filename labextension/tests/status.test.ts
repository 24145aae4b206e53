import { afterEach, describe, expect, test, vi } from "vitest";
import { asOf, elapsed, forecast, left, level, levelWords, stateWords, statusLine } from "../src/format";
import type { Gauge, Status } from "../src/protocol";
import { StatusStore } from "../src/store";
import { mountStatus } from "../src/view/status";
import FORECASTS from "./forecasts.json";
import { sleep, until } from "./support";

const STATUS: Status = {
  version: 1,
  state: "on",
  switched_on: true,
  why: "switched on",
  cooldown_s: null,
  running: 0,
  badge: "fast",
  facts: [
    ["rate", "198 tok/s"],
    ["session", "$0.0207"],
  ],
  rates: [1, 2, 3, 4],
  quota: [
    { name: "input", limit: 600_000, remaining: 300_000, age_s: 10 },
    { name: "output", limit: 60_000, remaining: 0, age_s: 0 },
  ],
  usual: { input_tokens: 1_000, output_tokens: 10_000, requests: null },
  at: "2026-11-23T04:33:00+00:00",
};

/** A bucket as the table of forecasts has it. */
function gauge(name: Gauge["name"], known: number[] | null): Gauge | null {
  const [limit = 0, remaining = 0, age_s = 0] = known ?? [];
  return known && { name, limit, remaining, age_s };
}

describe("words", () => {
  const gauge = { name: "input" as const, limit: 600, remaining: 100, age_s: 5 };

  test("a bucket refills at a sixtieth of its limit a second, and not beyond", () => {
    expect([level(gauge, 0), level(gauge, 10), level(gauge, 1000)]).toEqual([150, 250, 600]);
  });

  test.each([
    [1_960_000, 2_000_000, "98% of 2,000,000"],
    [1_999_999, 2_000_000, "99% of 2,000,000"],
    [0, 0, "none"],
  ])("%d of %d", (tokens, limit, words) => expect(levelWords(tokens, limit)).toBe(words));

  test("a cooldown is counted in seconds that have begun", () => {
    expect([left(12, 0), left(12, 0.5), left(12, 12), left(12, 99)]).toEqual([12, 12, 0, 0]);
    expect([elapsed(3000, 1000), elapsed(1000, 3000), elapsed(3000, null)]).toEqual([2, 0, 0]);
  });

  test("a time", () => {
    expect(asOf(STATUS.at)).toMatch(/^as of .*2026.*\d+:33/);
    expect(asOf("soon")).toBe("as of an unknown time");
  });

  test.each<[Partial<Status>, string, string]>([
    [{}, "fast mode on", "fast · 198 tok/s · $0.0207"],
    [{ badge: "standard, not fast: the quota is used up" }, "fast mode on", "standard, not fast · 198 tok/s · $0.0207"],
    [{ state: "cooldown", cooldown_s: 14.2 }, "cooling down, 13 s", "cooldown 13 s · $0.0207"],
    [{ state: "cooldown" }, "cooling down", "cooldown · $0.0207"],
    [{ state: "off" }, "fast mode off", "fast off · $0.0207"],
    [{ badge: "", facts: [], running: 3 }, "fast mode on", "fast on · 3 running"],
    [{ facts: [["cost", "~$0.02"]] }, "fast mode on", "fast · ~$0.02"],
  ])("%j", (change, words, line) => {
    expect(stateWords({ ...STATUS, ...change }, 2)).toBe(words);
    expect(statusLine({ ...STATUS, ...change }, 5000, 3000)).toBe(line);
  });
});

describe("how many more fit, as Python says it", () => {
  test.each(FORECASTS)("$why", ({ input, output, requests, usual, cooldown_s, elapsed_s, words }) => {
    const known = [gauge("input", input), gauge("output", output)].filter((one) => one !== null);
    const [input_tokens = 0, output_tokens = 0] = usual ?? [];
    const size = usual && { input_tokens, output_tokens, requests: gauge("requests", requests) };
    expect(forecast({ ...STATUS, quota: known, usual: size, cooldown_s }, elapsed_s)).toBe(words);
  });

  test("of a status that an earlier version saved nothing is said", () => {
    const { usual: _, ...saved } = STATUS;
    expect(forecast(saved as Status, 0)).toBe("");
  });
});

describe("the panel", () => {
  const cell = document.body.appendChild(document.createElement("div"));
  const find = <T extends HTMLElement>(selector: string) => cell.querySelector(selector) as T;
  const meters = () =>
    [...cell.querySelectorAll("[role=meter]")].map((meter) => Number(meter.getAttribute("aria-valuenow")));
  let dispose = () => {};
  const show = (change: Partial<Status>, received_ms: number | null = performance.now()) => {
    const store = new StatusStore();
    store.set({ ...STATUS, ...change }, received_ms);
    dispose = mountStatus(cell, store);
    return store;
  };
  afterEach(() => {
    dispose();
    vi.restoreAllMocks();
  });

  test("says the state, why, and the facts", () => {
    show({ state: "off", why: "switched off by you", badge: "standard" });
    expect(find("section").getAttribute("aria-label")).toBe("Fast mode");
    expect(find(".fm-badge").textContent).toBe("fast mode off");
    expect(find(".fm-state").textContent).toBe("switched off by you");
    expect(find(".fm-status-body > p").textContent).toBe("last answer: standard");
    expect(find(".fm-facts").textContent).toBe("rate198 tok/ssession$0.0207");
    expect(find(".fm-sparkline polyline")).not.toBe(null);
  });

  test("gauges are meters with words beside them", () => {
    show({});
    const [meter] = cell.querySelectorAll("[role=meter]");
    expect(meter?.getAttribute("aria-valuemin")).toBe("0");
    expect(meter?.getAttribute("aria-valuemax")).toBe("600000");
    expect(meter?.getAttribute("aria-valuetext")).toBe("66% of 600,000 tokens");
    expect(meter?.getAttribute("aria-label")).toBe("fast quota, input tokens");
    expect([...cell.querySelectorAll(".fm-gauge-words")].map((words) => words.textContent)).toEqual([
      "66% of 600,000",
      "0% of 60,000",
    ]);
    const [bar, filled] = [find(".fm-gauge-bar"), find(".fm-gauge-level")].map(
      (box) => box.getBoundingClientRect().width,
    );
    expect((filled ?? 0) / (bar ?? 1)).toBeCloseTo(2 / 3, 2);
  });

  test("how many more answers fit grows as the buckets refill", async () => {
    show({ quota: STATUS.quota, usual: { input_tokens: 10, output_tokens: 400, requests: null } });
    const words = () => find(".fm-forecast").textContent ?? "";
    expect(words()).toBe("more than 100 answers like this at fast speed this minute; the next one fits in 1 s");
    await until(() => !words().includes("the next one"), "the first that fits");
    expect(words()).toBe("more than 100 answers like this at fast speed this minute");
  });

  test("what is not known is said", () => {
    show({ quota: null });
    expect(find(".fm-gauges").textContent).toBe("fast quota: unknown");
    expect(find(".fm-forecast").hidden).toBe(true);
    expect(meters()).toEqual([]);
  });

  test("a cooldown and gauges go on by themselves, once a second, until there is nothing to tell", async () => {
    show({
      state: "cooldown",
      cooldown_s: 2.5,
      quota: [{ name: "output", limit: 60_000, remaining: 58_000, age_s: 0 }],
    });
    let paints = 0;
    new MutationObserver(() => paints++).observe(find(".fm-badge"), {
      childList: true,
      characterData: true,
      subtree: true,
    });
    expect(find(".fm-badge").textContent).toBe("cooling down, 3 s");
    expect(meters()[0]).toBeLessThan(58_100);
    await until(() => find(".fm-badge").textContent === "fast mode on", "the end of it");
    expect(find(".fm-state").textContent).toBe("fast is asked for again");
    expect(meters()).toEqual([60_000]);
    expect(paints).toBeLessThanOrEqual(4);
    const make = vi.spyOn(window, "setTimeout");
    await sleep(1200);
    expect(make.mock.calls.filter(([, ms]) => ms === 1000)).toEqual([]);
  });

  test("a saved one stands still, and says of when it is", async () => {
    show({ state: "cooldown", cooldown_s: 3 }, null);
    const before = cell.textContent;
    expect(before).toContain("cooling down, 3 s");
    expect(before).toContain("as of ");
    await sleep(1200);
    expect(cell.textContent).toBe(before);
  });

  test("out of sight it does nothing, and back in sight it is right", async () => {
    cell.style.marginTop = "5000px";
    show({});
    await sleep(100);
    const [before] = meters();
    await sleep(1300);
    expect(meters()[0]).toBe(before);
    cell.style.marginTop = "";
    await until(() => (meters()[0] ?? 0) > (before ?? 0), "a fuller gauge");
  });

  test("a session that comes later, and one that goes on", async () => {
    const store = new StatusStore();
    dispose = mountStatus(cell, store);
    expect(find("section").hidden).toBe(true);
    store.set(STATUS, performance.now());
    expect(find("section").hidden).toBe(false);
    store.set({ ...STATUS, state: "off" }, performance.now());
    expect(find(".fm-badge").textContent).toBe("fast mode off");
    store.clear();
    await sleep(100); // now the browser has said that it is out of sight
    expect(find("section").hidden).toBe(true);
    store.set(STATUS, performance.now());
    expect(find("section").hidden).toBe(false);
    dispose();
    expect(cell.childElementCount).toBe(0);
    store.set(STATUS, performance.now());
    expect(cell.childElementCount).toBe(0);
  });
});
