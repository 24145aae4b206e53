import { describe, expect, test } from "vitest";
import { Article } from "../src/view/article";
import { patch } from "../src/view/patch";
import { CORPUS, longAnswer } from "./corpus";
import { ANSWER, chance, mount, pick, pieces, shown, streamed, unmountAll, until } from "./support";

const WHOLE = `${Object.values(CORPUS).join("\n\n")}\n${longAnswer(2)}`;

describe("however a text comes, it looks the same in the end", () => {
  test.each(Object.entries({ ...CORPUS, long: longAnswer(3) }))("%s", (_, text) => {
    const random = chance(text.length);
    const once = shown(text);
    for (const most of [1, 3, 17, 200]) {
      expect(streamed(pieces(text, most, random)).isEqualNode(once), `pieces of up to ${most}`).toBe(true);
    }
  });

  test("texts cut anywhere, with anything behind", () => {
    const random = chance(7);
    for (let round = 0; round < 120; round++) {
      const at = Math.floor(random() * WHOLE.length);
      const text =
        WHOLE.slice(at, at + 600) +
        pick(random, ["", "\n", "```", "\n$$", "\n- ", "[a]:", "\ud83d", "\n\n[docs]: https://a.org"]);
      expect(streamed(pieces(text, 40, random)).isEqualNode(shown(text)), JSON.stringify(text)).toBe(true);
    }
  });

  test("texts of nothing but signs", () => {
    const random = chance(3);
    const signs = [
      "- ",
      "1. ",
      "> ",
      "\n",
      "\n",
      "\n\n",
      "  ",
      "    ",
      "```",
      "~~~",
      "$$",
      "\\[",
      "\\]",
      "|",
      "|-|\n",
      "# ",
      "---",
      "===",
      "*",
      "**",
      "_",
      "`",
      "[a]",
      "[a]: b\n",
      "<br>",
      "&amp;",
      "a",
      "word ",
      "👍",
      "\t",
    ];
    for (let round = 0; round < 400; round++) {
      const text = Array.from({ length: 40 }, () => pick(random, signs)).join("");
      expect(streamed(pieces(text, 6, random)).isEqualNode(shown(text)), JSON.stringify(text)).toBe(true);
    }
  });

  test("surrogate pairs cut in two", () => {
    const text = "a 👩‍👩‍👧‍👦 **b 🎉**\n\n`🎉` 𝒳";
    expect(streamed([...text].flatMap((sign) => sign.split(""))).isEqualNode(shown(text))).toBe(true);
  });

  test("a definition that comes last", () => {
    const text = "see [a], *[b][a]*\n\n- [a]\n\n[not]\n\n[a]: https://example.org\n";
    const whole = streamed(pieces(text, 5, chance(1)));
    expect(whole.isEqualNode(shown(text))).toBe(true);
    expect(whole.querySelectorAll("a").length).toBe(3);
  });
});

describe("while it comes", () => {
  const follow = () => {
    const root = document.createElement("div");
    const article = new Article(root, () => {});
    return { root, grow: (text: string, live = true) => article.show(text, live, () => false) };
  };

  test("a block that is done keeps its nodes, and so does what has only grown", () => {
    const { root, grow } = follow();
    grow("# One\n\nTwo **three** fo");
    const [heading, words, strong] = [root.querySelector("h1"), root.querySelector("p"), root.querySelector("strong")];
    const last = words?.lastChild;
    grow("# One\n\nTwo **three** four\n\n- five");
    grow("# One\n\nTwo **three** four\n\n- five", false);
    expect(root.querySelector("h1")).toBe(heading);
    expect(root.querySelector("p")).toBe(words);
    expect(root.querySelector("strong")).toBe(strong);
    expect(words?.lastChild).toBe(last);
    expect(words?.textContent).toBe("Two three four");
  });

  test("code grows in one text node", () => {
    const { root, grow } = follow();
    grow("```py\nx = 1\n");
    const text = root.querySelector("code")?.firstChild;
    grow("```py\nx = 1\ny = 2\n``");
    expect(root.querySelector("code")?.firstChild).toBe(text);
    expect(text?.textContent).toBe("x = 1\ny = 2");
    expect(root.textContent).not.toContain("`");
  });

  test.each([
    ["Here are:\n-", "Here are:"],
    ["Title\n=", "Title"],
    ["text\n``", "text"],
    ["text\n1.", "text"],
    ["| a | b |\n|--", ""],
    ["text \ud83d", "text"],
    ["some **bold", "some bold"],
    ["some **bold*", "some bold"],
    ["some **", "some"],
    ["some `code", "some code"],
    ["some `code` and `", "some code and"],
    ["see [the docs](https://exam", "see the docs"],
    ["**see [the docs](https://exam", "see the docs"],
  ])("%j shows nothing that would be something else in a moment", (text, words) => {
    const { root, grow } = follow();
    grow(text);
    expect(root.textContent.trim()).toBe(words);
    expect(root.querySelector("h1, h2, li, pre")).toBe(null);
  });

  test("a formula that is not closed is shown as it is written", () => {
    const { root, grow } = follow();
    grow("a\n\n$$\nx +\n\ny");
    expect(root.querySelector(".fm-math-display")?.textContent).toBe("$$\nx +\n\ny");
    grow("a\n\n$$\nx +\n\ny", false);
    expect(root.querySelector(".fm-math")).toBe(null);
  });

  test("a text that is another one begins anew", () => {
    const { root, grow } = follow();
    grow("one\n\ntwo");
    grow("other\n\nwords");
    grow("other\n\nwords", false);
    expect(root.isEqualNode(shown("other\n\nwords"))).toBe(true);
    grow("other\n\nwords\n\nand more", true);
    grow("other\n\nwords\n\nand more", false);
    expect(root.isEqualNode(shown("other\n\nwords\n\nand more"))).toBe(true);
  });

  test("time that is up stops it between blocks, and it goes on where it was", () => {
    const root = document.createElement("div");
    const article = new Article(root, () => {});
    let looks = 0;
    let shows = 0;
    while (article.show(WHOLE, false, () => ++looks % 4 === 0)) shows++;
    expect(shows).toBeGreaterThan(20);
    expect(root.isEqualNode(shown(WHOLE))).toBe(true);
  });
});

describe("a patch", () => {
  const made = (html: string) => {
    const root = document.createElement("div");
    root.innerHTML = html;
    return root;
  };

  test("makes any tree equal to any other", () => {
    const random = chance(5);
    const grow = (depth: number): string =>
      Array.from({ length: Math.floor(random() * 4) }, () =>
        random() < 0.5 || !depth
          ? pick(random, ["a", "ab", "abc", "<br>"])
          : `<${pick(random, ["p", "em class=x", "em", "ol start=2", "ol start=3"])}>${grow(depth - 1)}</x>`,
      ).join("");
    for (let round = 0; round < 500; round++) {
      const [old, fresh] = [made(grow(3)), made(grow(3))];
      const wanted = fresh.cloneNode(true);
      patch(old, fresh);
      expect(old.isEqualNode(wanted)).toBe(true);
    }
  });
});

test("a browser may leave out the groups of a long answer that are done", async () => {
  const { cell } = mount({ ...ANSWER, text: longAnswer(8) });
  const left = () => [...cell.querySelectorAll(".fm-group")].map((group) => getComputedStyle(group).contentVisibility);
  await until(() => left().filter((how) => how === "auto").length > 3, "groups that are left out");
  unmountAll();
});
