import { afterEach, describe, expect, test, vi } from "vitest";
import { Pace } from "../src/view/pace";
import { longAnswer } from "./corpus";
import { frame, mount, sleep, unmountAll, until } from "./support";

const TEXT = ".fm-text:not(.fm-small)";

afterEach(() => {
  vi.restoreAllMocks();
  unmountAll();
});

/** Call back at each change below `node`, once a task. */
function changes(node: Node, seen: () => void): void {
  new MutationObserver(seen).observe(node, {
    childList: true,
    characterData: true,
    subtree: true,
  });
}

describe("an answer that comes", () => {
  test("is taken in frames of 33 ms, and painted about ten times a second, the first text and the end at once", async () => {
    const { find, store } = mount({ phase: "asking", text: "" });
    await frame();
    let paints = 0;
    changes(find(TEXT), () => paints++);
    const start_ms = performance.now();
    let text = "";
    for (let index = 0; index < 45; index++) {
      const more = `word${index} `;
      store.apply({ run: "r1", text: { at: text.length, text: more }, change: { phase: "streaming" } });
      text += more;
      await frame();
      if (index === 0) expect(find(TEXT).textContent).toContain("word0");
      await sleep(17);
    }
    expect(paints).toBeGreaterThan(1);
    expect(paints).toBeLessThan((performance.now() - start_ms) / 100);
    store.apply({ run: "r1", text: { at: text.length, text: "END" }, change: { phase: "finished" } });
    await frame();
    expect(find(TEXT).textContent).toMatch(/END$/);
  });

  test("is painted less often where nobody sees it grow, until somebody looks", async () => {
    const { cell, find, store } = mount({ phase: "streaming", text: "a" });
    cell.style.marginTop = "3000px";
    await sleep(150);
    let paints = 0;
    changes(find(TEXT), () => paints++);
    const start_ms = performance.now();
    let text = "a";
    for (let index = 0; index < 30; index++) {
      store.apply({ run: "r1", text: { at: text.length, text: " b" } });
      text += " b";
      await sleep(33);
    }
    expect(paints).toBeGreaterThan(0);
    expect(paints).toBeLessThan((performance.now() - start_ms) / 400 + 2);
    store.apply({ run: "r1", text: { at: text.length, text: " SEEN" } });
    cell.scrollIntoView();
    await until(() => find(TEXT).textContent.endsWith("SEEN"), "the text");
    scrollTo(0, 0);
  });

  test("spends nothing while it is not in the page, and is there once it is", async () => {
    const { cell, find, store } = mount({ phase: "asking", text: "" });
    cell.remove();
    store.set({ ...store.answer, phase: "streaming", text: longAnswer(1) });
    const make = vi.spyOn(document, "createElement");
    await sleep(200);
    expect(make).not.toHaveBeenCalled();
    document.body.append(cell);
    await until(() => cell.querySelector("h2") !== null, "the first heading");
    expect(find("h2").textContent).toBe("1. Estimating group means");
  });

  test("mounted in the page it is there at once, also a long one's beginning", () => {
    const { find } = mount({ text: longAnswer(400) });
    expect(find("h2").textContent).toBe("1. Estimating group means");
  });

  test("goes on in a page that nobody looks at", async () => {
    vi.spyOn(window, "requestAnimationFrame").mockReturnValue(0);
    const { find, store } = mount({ phase: "streaming", text: "a" });
    store.apply({ run: "r1", text: { at: 1, text: " b" }, change: { phase: "finished" } });
    await until(() => find(TEXT).textContent === "a b", "the text", 1500);
  });

  test("keeps the height of what is out of sight", async () => {
    const { cell, find, store } = mount({ phase: "streaming", text: longAnswer(1) });
    const text = longAnswer(12);
    for (let at = store.answer.text.length; at < text.length; at += 1500) {
      store.apply({ run: "r1", text: { at, text: text.slice(at, at + 1500) } });
      await sleep(120);
    }
    store.apply({ run: "r1", change: { phase: "finished" } });
    await until(() => cell.querySelectorAll(".fm-copy-code").length === 12, "the end");
    await sleep(100);
    const height = find(TEXT).offsetHeight;
    for (const part of cell.querySelectorAll(".fm-done")) part.classList.remove("fm-done");
    expect(Math.abs(find(TEXT).offsetHeight - height)).toBeLessThan(height / 50);
  });
});

describe("the pace", () => {
  const paced = (cost_ms: number) => {
    const paints: number[] = [];
    const pace = new Pace(document.body);
    pace.add(() => {
      paints.push(performance.now());
      const end_ms = performance.now() + cost_ms;
      while (performance.now() < end_ms);
      return false;
    });
    return { paints, pace };
  };

  test("rests many times as long as a paint has cost", async () => {
    const { paints, pace } = paced(25);
    for (let index = 0; index < 40; index++) {
      pace.request();
      await sleep(25);
    }
    pace.dispose();
    expect(paints.length).toBeGreaterThan(1);
    for (let index = 1; index < paints.length; index++) {
      expect((paints[index] ?? 0) - (paints[index - 1] ?? 0)).toBeGreaterThan(12 * 25);
    }
  });

  test("does not wait where it is urgent, and paints once a frame at most", async () => {
    const { paints, pace } = paced(5);
    pace.begin();
    expect(paints.length).toBe(1);
    for (let index = 0; index < 5; index++) pace.request(true);
    await sleep(80);
    expect(paints.length).toBe(2);
    pace.dispose();
    pace.request(true);
    await sleep(80);
    expect(paints.length).toBe(2);
  });

  test("goes on by itself as long as a painter has more", async () => {
    const pace = new Pace(document.body);
    let left = 5;
    pace.add(() => --left > 0);
    pace.request();
    await until(() => left === 0, "the last one");
    await sleep(100);
    expect(left).toBe(0);
    pace.dispose();
  });
});
