import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { render as renderFormula } from "../src/math";
import type { Answer, Phase } from "../src/protocol";
import type { Host } from "../src/view/host";
import { longAnswer } from "./corpus";
import { ANSWER, frame, HOST, mount, sleep, unmountAll, until } from "./support";

const CODE = "Look:\n\n```python\nprint(1)\n```\n\n1. and\n\n   ```sh\n   ls\n   ```\n";
const RATES = [10, 20, 30, 40];
const live = (change: Partial<Answer> = {}): Partial<Answer> => ({
  phase: "streaming",
  words: "answering",
  text: "Hello",
  ...change,
});
/** Nothing is left to be done: buttons and colours are there. */
const finished = (root: Element) =>
  root.querySelectorAll(".fm-code").length === root.querySelectorAll(".fm-copy-code").length;

afterEach(unmountAll);

describe("the header", () => {
  test("says who answers, at which speed, and what goes on", () => {
    const { find } = mount(live({ speed: "standard", badge: "standard, not fast: the fast quota is used up" }));
    expect(find("section").getAttribute("aria-label")).toBe("Answer from claude-opus-5-5");
    expect(find(".fm-model").textContent).toBe("claude-opus-5-5");
    expect(find(".fm-badge").textContent).toBe("standard, not fast: the fast quota is used up");
    expect(find(".fm-badge").classList.contains("fm-fast")).toBe(false);
    expect(find(".fm-state").textContent).toBe("answering");
  });

  test("has a bolt for fast, and the word", () => {
    const { find } = mount({});
    expect(find(".fm-badge").textContent).toBe("fast");
    expect(getComputedStyle(find(".fm-icon-bolt")).display).toBe("block");
    expect(find(".fm-icon-bolt").getAttribute("aria-hidden")).toBe("true");
  });

  test("says nothing of an answer that simply ended, and how another one ended", async () => {
    const { find, store } = mount({ text: "x" });
    expect(find(".fm-state").hidden).toBe(true);
    store.set({ ...ANSWER, phase: "interrupted", words: "stopped by you" });
    await until(() => find(".fm-state").textContent === "stopped by you", "the words");
    expect(find(".fm-state").hidden).toBe(false);
  });

  test("says that it runs in the background", () => {
    expect(mount({ background: true }).find(".fm-model").textContent).toContain("in the background");
  });
});

describe("stopping", () => {
  test("is one press, and says so until it has", async () => {
    const stop = vi.fn();
    const { find, store } = mount(live(), { ...HOST, stop });
    const button = find<HTMLButtonElement>(".fm-stop");
    button.focus();
    button.click();
    button.click();
    expect(stop.mock.calls).toEqual([["r1"]]);
    expect([button.textContent, button.disabled]).toEqual(["Stopping…", true]);
    store.apply({ run: "r1", change: { phase: "interrupted", words: "stopped" } });
    await until(() => button.hidden, "no button");
    expect(document.activeElement).toBe(find(".fm-copy"));
  });

  test("is not offered where it cannot be done, nor at the end", () => {
    expect(mount(live()).find(".fm-stop").hidden).toBe(true);
    expect(mount({}, { ...HOST, stop() {} }).find(".fm-stop").hidden).toBe(true);
  });
});

describe("copying and inserting", () => {
  let copied: string[];
  beforeEach(() => {
    copied = [];
    vi.spyOn(navigator.clipboard, "writeText").mockImplementation(async (text) => void copied.push(text));
  });
  afterEach(() => vi.restoreAllMocks());

  test("the answer, as it was written, without what cannot be seen", async () => {
    const { find } = mount({ text: "**a** \u202eb" });
    find(".fm-copy").click();
    await until(() => find(".fm-copy").textContent === "Copied", "Copied");
    expect(copied).toEqual(["**a** b"]);
    await until(() => find(".fm-copy").textContent === "Copy answer", "the words of before");
  });

  test("code, also code in a list", async () => {
    const insertBelow = vi.fn();
    const { cell, find } = mount({ text: CODE }, { ...HOST, insertBelow });
    await until(() => finished(cell), "buttons");
    for (const button of cell.querySelectorAll<HTMLElement>(".fm-copy-code, .fm-insert-code")) button.click();
    await frame();
    expect(copied).toEqual(["print(1)", "ls"]);
    expect(insertBelow.mock.calls.map(([code]) => code)).toEqual(["print(1)", "ls"]);
    expect(insertBelow.mock.calls[0]?.[1]).toBe(find(".fm-code"));
  });

  test("inserting is not offered where it cannot be done", async () => {
    const { cell } = mount({ text: CODE });
    await until(() => finished(cell), "buttons");
    expect(cell.querySelector(".fm-insert-code")).toBe(null);
  });

  test("where the clipboard is closed, a selection does it; where that fails, the button says so", async () => {
    vi.mocked(navigator.clipboard.writeText).mockRejectedValue(new DOMException("no"));
    const command = vi.spyOn(document, "execCommand").mockImplementation(() => {
      copied.push((document.activeElement as HTMLTextAreaElement).value);
      return copied.length === 1;
    });
    const { find } = mount({ text: "a" });
    find(".fm-copy").click();
    await until(() => find(".fm-copy").textContent === "Copied", "Copied");
    expect(copied).toEqual(["a"]);
    expect(document.querySelector("textarea")).toBe(null);
    await until(() => find(".fm-copy").textContent === "Copy answer", "the words of before");
    find(".fm-copy").click();
    await until(() => find(".fm-copy").textContent === "Not copied", "Not copied");
    expect(command).toHaveBeenCalledTimes(2);
  });
});

describe("what else there is", () => {
  test("thinking is folded, costs nothing while it is, and is the same Markdown", async () => {
    const { find, store } = mount(live({ phase: "thinking", thinking: "a **b**", text: "" }));
    expect(find("summary").textContent).toBe("Thinking…");
    expect(find(".fm-small").childElementCount).toBe(0);
    find("summary").click();
    await until(() => find(".fm-small strong")?.textContent === "b", "the thinking");
    store.apply({ run: "r1", text: { at: 0, text: "x" }, change: { phase: "streaming" } });
    await until(() => find("summary").textContent === "Thinking", "Thinking");
    expect(mount({}).find("details").hidden).toBe(true);
  });

  test("notices, with code in them", () => {
    const { find } = mount({ notices: ["Use `%fastmode on` <b>", "Another"] });
    expect([...find(".fm-notices").children].map((line) => line.textContent)).toEqual([
      "Use %fastmode on <b>",
      "Another",
    ]);
    expect(find(".fm-notices code").textContent).toBe("%fastmode on");
  });

  test("facts as pairs, with the line of the rates beside the rate", () => {
    const facts: [string, string][] = [
      ["rate", "198 tok/s"],
      ["cost", "$0.0207"],
    ];
    const { find } = mount({ facts, rates: RATES });
    expect([...find(".fm-facts").children].map((fact) => [...fact.children].map((part) => part.textContent))).toEqual(
      facts,
    );
    const line = find("dd .fm-sparkline");
    expect(line.getAttribute("aria-hidden")).toBe("true");
    expect(line.querySelector("polyline")?.getAttribute("points")?.split(" ").length).toBe(4);
    expect(getComputedStyle(line).display).not.toBe("none");
    expect(getComputedStyle(mount({ facts, rates: [1, 2, 3] }).find(".fm-sparkline")).display).toBe("none");
    expect(mount({}).find(".fm-facts").hidden).toBe(true);
  });

  test("text that is still on its way", async () => {
    const { find, store } = mount(live());
    expect(find(".fm-gap").hidden).toBe(true);
    store.apply({ run: "r1", text: { at: 50, text: "later" } });
    await until(() => !find(".fm-gap").hidden, "the gap");
    expect(find(".fm-gap").textContent).toBe("… some text is still on its way");
    store.apply({ run: "r1", change: { words: "answering" } });
    expect(store.gap).toBe(true); // a frame without text heals nothing
    store.apply({ run: "r1", whole: { ...ANSWER, ...live({ text: "Hello, whole" }) } });
    await until(() => find(".fm-gap").hidden, "no gap");
    expect(find(".fm-text:not(.fm-small)").textContent).toBe("Hello, whole");
  });
});

test("an answer that was given up goes on when its kernel is found, at once where text is missing", async () => {
  const { find, store } = mount({ ...live({ text: "Hello" }) });
  store.lose("saved while it was coming");
  await until(() => find(".fm-state").textContent === "saved while it was coming", "its words");
  store.find();
  store.apply({ run: "r1", text: { at: 50, text: "later" } });
  expect([store.answer.phase, store.gap]).toEqual(["streaming", true]);
  await until(() => find(".fm-state").textContent === "answering" && !find(".fm-gap").hidden, "that it goes on");
});

describe("a screen reader", () => {
  const said = (changes: Partial<Answer>[]) => {
    const { find, store } = mount(changes[0] ?? {});
    const words: string[] = [];
    new MutationObserver(() => words.push(find("[role=status]").textContent)).observe(find("[role=status]"), {
      childList: true,
    });
    return { find, store, words };
  };

  test.each<[Partial<Answer>, string]>([
    [live(), "Claude is answering at fast speed"],
    [
      live({ speed: "standard", badge: "standard, not fast: no quota" }),
      "Claude is answering: standard, not fast: no quota",
    ],
    [live({ phase: "thinking", thinking: "x", text: "" }), "Claude is thinking"],
    [live({ phase: "waiting", words: "waiting 3 s for fast: no quota", text: "" }), "waiting 3 s for fast: no quota"],
  ])("hears how it goes: %j", async (answer, words) => {
    const { find } = said([answer]);
    expect(find("[role=status]").getAttribute("aria-live")).toBe("polite");
    await until(() => find("[role=status]").textContent === words, words);
  });

  test.each<[Partial<Answer>, string]>([
    [{ phase: "finished", words: "", facts: [["rate", "198 tok/s"]] }, "Answer finished: fast, 198 tok/s"],
    [{ phase: "interrupted", words: "stopped by you" }, "Answer interrupted: stopped by you"],
  ])("hears how it ended: %j", async (change, words) => {
    const { find, store } = said([live({ phase: "asking", speed: null, text: "" })]);
    store.apply({ run: "r1", change });
    await until(() => find("[role=status]").textContent === words, words);
  });

  test("hears no tokens, no countdown, and nothing of an answer from before", async () => {
    const { store, words } = said([live({ phase: "waiting", words: "waiting 9 s for fast: x", text: "" })]);
    for (const left of [8, 7, 6]) {
      store.apply({ run: "r1", change: { words: `waiting ${left} s for fast: x` } });
      await sleep(150);
    }
    expect(words).toEqual(["waiting 9 s for fast: x"]);
    const before = said([{ text: "over" }]);
    await sleep(150);
    expect(before.words).toEqual([]);
  });

  test("knows while the text is still busy, and which boxes scroll", async () => {
    const { cell, find, store } = mount(live({ text: CODE }));
    await until(() => find(".fm-text:not(.fm-small)").getAttribute("aria-busy") === "true", "busy");
    store.apply({ run: "r1", change: { phase: "finished", words: "" } });
    await until(() => find(".fm-text:not(.fm-small)").getAttribute("aria-busy") === "false", "not busy");
    for (const box of cell.querySelectorAll<HTMLElement>("pre")) {
      expect([box.tabIndex, box.getAttribute("role"), box.getAttribute("aria-label")]).toEqual([0, "group", "code"]);
    }
    for (const button of cell.querySelectorAll("button")) expect(button.textContent).not.toBe("");
  });
});

describe("from live to ended", () => {
  test.each(["finished", "interrupted", "cut off"] satisfies Phase[])(
    "%s: the nodes stay, and are those of a fresh view",
    async (phase) => {
      const text = longAnswer(2);
      const { find, store } = mount(live({ text: text.slice(0, 900) }));
      await frame();
      store.apply({ run: "r1", text: { at: 900, text: text.slice(900) } });
      await sleep(250);
      const [pane, heading] = [find(".fm-text:not(.fm-small)"), find("h2")];
      store.apply({ run: "r1", change: { phase, words: "" } });
      await until(() => find(".fm-state").hidden && finished(pane), "the end");
      const fresh = mount({ text, phase });
      await until(() => finished(fresh.cell), "the end of the fresh one");
      await sleep(100);
      expect(find("h2")).toBe(heading);
      expect(pane.isEqualNode(fresh.find(".fm-text:not(.fm-small)"))).toBe(true);
      const blocks = [...pane.querySelectorAll(".fm-block")];
      store.set({ ...ANSWER, text, phase });
      await sleep(50);
      expect([...pane.querySelectorAll(".fm-block")]).toEqual(blocks);
    },
  );

  test("a code block gets colours and buttons when it is done, not before", async () => {
    const { find, store } = mount(live({ text: "```python\nprint(1)\n" }));
    await until(() => find("code") !== null, "code");
    expect(find("code span, .fm-copy-code")).toBe(null);
    store.apply({ run: "r1", text: { at: 19, text: "```\n\nand" } });
    await until(() => find(".fm-copy-code") !== null, "a button");
    expect(find("code").innerHTML).toBe(
      '<span class="fm-code-builtin">print</span>(<span class="fm-code-number">1</span>)',
    );
  });
});

describe("formulas", () => {
  // the module is asked for once a page, so these tests stand in their order
  const loadMath = vi.fn<Host["loadMath"]>();
  const host: Host = { loadMath };
  const text = "Let $x$ be\n\n$$\ny\n$$\n";

  test("are not asked for where there are none", async () => {
    mount({ text: "costs $5" }, host);
    await sleep(50);
    expect(loadMath).not.toHaveBeenCalled();
  });

  test("stay as they were written where they cannot be loaded", async () => {
    loadMath.mockRejectedValueOnce(new Error("offline"));
    const { cell } = mount({ text }, host);
    await until(() => loadMath.mock.calls.length === 1, "a try");
    await sleep(50);
    expect([...cell.querySelectorAll(".fm-math")].map((span) => span.textContent)).toEqual(["$x$", "$$\ny\n$$"]);
  });

  test("are loaded once, rendered where they are done, and inert", async () => {
    loadMath.mockResolvedValue({ render: renderFormula, style: ".fm-test-math { color: red }" });
    const first = mount(live({ text: `${text}\n\nand $z$` }), host);
    const second = mount(
      { text: "$\\href{javascript:x}{a}$ $\\unknown$ $\\frac{$ $\\includegraphics{http://x.y/z}$" },
      host,
    );
    await until(() => first.find(".fm-math-display .katex") !== null, "a formula");
    await until(() => second.cell.querySelectorAll(".fm-math-done").length === 4, "the others");
    expect(first.cell.querySelectorAll(".fm-math-done").length).toBe(2);
    expect(first.cell.querySelector(".fm-math:not(.fm-math-done)")?.textContent).toBe("$z$");
    expect(loadMath).toHaveBeenCalledTimes(2);
    expect(second.cell.querySelector("a, img, [href], [src]")).toBe(null);
    expect(document.querySelectorAll('style[data-fastmode="math"]').length).toBe(1);
    first.store.apply({ run: "r1", change: { phase: "finished" } });
    await until(() => first.cell.querySelectorAll(".fm-math-done").length === 3, "the last one");
  });
});

describe("its place", () => {
  test("in a shadow root it brings its style along", () => {
    const outer = document.body.appendChild(document.createElement("div"));
    const inner = outer.attachShadow({ mode: "open" }).appendChild(document.createElement("div"));
    const { cell } = mount({ text: "x" });
    const section = cell.querySelector("section") as HTMLElement;
    expect(document.head.querySelectorAll('style[data-fastmode="view"]').length).toBe(1);
    const view = mount({ text: "y" }, HOST, inner);
    expect(outer.shadowRoot?.querySelectorAll("style").length).toBe(1);
    expect(getComputedStyle(view.find("section")).borderRadius).toBe(getComputedStyle(section).borderRadius);
    expect(getComputedStyle(section).borderRadius).not.toBe("0px");
    outer.remove();
  });

  test("a narrow one does not overflow", async () => {
    const { cell, find } = mount({ text: longAnswer(1), facts: [["tokens", "24 in (1,024 from cache) + 512 out"]] });
    cell.style.width = "320px";
    await frame();
    expect(find("section").scrollWidth).toBeLessThanOrEqual(320);
    expect(find("pre").scrollWidth).toBeGreaterThan(find("pre").clientWidth);
  });

  test("is left as it was", async () => {
    const { cell, dispose, store } = mount(live({ text: CODE }));
    dispose();
    expect(cell.childElementCount).toBe(0);
    const words = vi.spyOn(document, "createElement");
    store.apply({ run: "r1", text: { at: CODE.length, text: "more" } });
    await sleep(200);
    expect(words).not.toHaveBeenCalled();
    words.mockRestore();
  });
});
