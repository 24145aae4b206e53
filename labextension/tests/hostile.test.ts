import { afterEach, describe, expect, test } from "vitest";
import { highlighted } from "../src/highlight";
import { assertInert } from "./inert";
import { mount, shown, sleep, unmountAll, until } from "./support";

const MB = 1_000_000;
const FREEZE_MS = 5_000; // a task; without our bounds these take tens of seconds, with them less than half of one

const LAST = ".fm-text > :last-child > :last-child > :last-child";

const HOSTILE: Record<string, string> = {
  "a line of a megabyte": "word ".repeat(MB / 5),
  "a word of a megabyte": "a".repeat(MB),
  "a table of 100,000 rows": `| a | b |\n|---|---|\n${"| 1 | 2 |\n".repeat(100_000)}`,
  "a table of 10,000 columns and rows": `${"|a".repeat(10_000)}|\n${"|-".repeat(10_000)}|\n${"|\n".repeat(10_000)}`,
  "5,000 quotes deep": `${">".repeat(5000)} a\nlazy`,
  "5,000 quotes deep, with spaces": `${"> ".repeat(5000)} a\nlazy`,
  "5,000 lists deep": `${"- ".repeat(5000)}a`,
  "lists by indentation": Array.from({ length: 400 }, (_, at) => `${"  ".repeat(at)}- a`).join("\n"),
  "5,000 brackets deep": `${"[".repeat(5000)}a${"](b)".repeat(5000)}`,
  "5,000 stars deep": `${"*a **b ".repeat(5000)}${"** *".repeat(5000)}`,
  "5,000 images deep": `${"![".repeat(5000)}a${"](b)".repeat(5000)}`,
  "a megabyte of stars": "*".repeat(MB),
  "a megabyte of underscores": "_".repeat(MB),
  "a megabyte of brackets": "[".repeat(MB),
  "a megabyte of backticks": "`".repeat(MB),
  "a megabyte of angles": "<".repeat(MB),
  "a megabyte of dollars": "$".repeat(MB),
  "a megabyte of tildes": "~".repeat(MB),
  "stars and words": "*a ".repeat(20_000),
  "stars and underscores": "_*a ".repeat(12_000),
  addresses: `${"{".repeat(60_000)}@b.c`,
  "an address before which stands a long word": `é${"0".repeat(60_000)}x@y`,
  "a row that may head a table, again and again": "|-\n".repeat(20_000),
  "open formulas": "\\[\n".repeat(50_000),
  "open formulas in a line": "\\(".repeat(30_000),
  definitions: "[a]: b\n".repeat(50_000),
  labels: Array.from({ length: 20_000 }, (_, at) => `[a${at}]`).join(" "),
  "a megabyte of code": `\`\`\`python\n${"x = 1\n".repeat(MB / 6)}\`\`\``,
  "code of one line": `\`\`\`js\n${"x=1;".repeat(MB / 4)}\n\`\`\``,
  "a code block that never ends": `\`\`\`js\n${"\n\nx = 1; ".repeat(MB / 10)}`,
  "blank lines": "\n".repeat(MB),
  "short blocks": "word\n\n".repeat(30_000),
  "fences that open and close": "```\n".repeat(20_000),
};

/** Show an answer in the page; the milliseconds of its longest task. */
async function longestTask(text: string): Promise<number> {
  let longest_ms = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest_ms = Math.max(longest_ms, duration);
  });
  observer.observe({ type: "longtask" });
  const { find } = mount({ text: `${text}\n\nThe end.` });
  const last = () => find(LAST)?.textContent ?? "";
  await until(() => last().endsWith("The end."), "the end", 20_000);
  await sleep(100); // layout and paint
  observer.disconnect();
  assertInert(find(".fm-text"));
  return longest_ms;
}

describe("a text made to freeze a page", () => {
  afterEach(unmountAll);

  test.each(Object.keys(HOSTILE))("%s", async (name) => {
    expect(await longestTask(HOSTILE[name] ?? "")).toBeLessThan(FREEZE_MS);
  });

  test("time grows with the size of the text, not with its square", async () => {
    const times = [4_000, 16_000].map((blocks) => {
      const runs_ms = [1, 2, 3].map(() => {
        const start_ms = performance.now();
        shown("some *words* here\n\n".repeat(blocks));
        return performance.now() - start_ms;
      });
      return Math.min(...runs_ms); // the one that had the processor for itself
    });
    expect((times[1] ?? 0) / (times[0] ?? 1)).toBeLessThan(8);
  });

  test("code made to take long is highlighted in bounded time, or not at all", () => {
    const codes: [string, string][] = [
      ["java", "$".repeat(20_000)],
      ["typescript", "_".repeat(20_000)],
      ["typescript", "<%".repeat(10_000)],
      ["javascript", "\n".repeat(20_000)],
      ["markdown", "[[|".repeat(6_000)],
      ["r", ".".repeat(20_000)],
      ["json", "{{|".repeat(6_000)],
      ["python", "x".repeat(1_000_000)],
    ];
    for (const [language, code] of codes) {
      const start_ms = performance.now();
      const root = document.createElement("div");
      root.append(highlighted(code, language) ?? code);
      expect(root.textContent).toBe(code);
      expect(performance.now() - start_ms, language).toBeLessThan(FREEZE_MS);
    }
  });
});
