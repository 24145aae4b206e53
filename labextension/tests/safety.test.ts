import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CORPUS, longAnswer } from "./corpus";
import { assertInert } from "./inert";
import { chance, frame, mount, pick, shown, sleep, unmountAll, until } from "./support";

const BEACON = `${location.origin}/fm-beacon`;
const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const HOSTILE: Record<string, string> = {
  script: `<script>top.hacked = 1; fetch("${BEACON}")</script>`,
  "script over lines": `<script\n>\ntop.hacked = 1\n\n</script>`,
  "event handlers": `<img src=x onerror="top.hacked=1"> <b onmouseover=top.hacked=1>x</b> <svg onload=top.hacked=1>`,
  "handlers in Markdown": `![x](${BEACON}"onerror="top.hacked=1) [x](https://a.org" onclick="top.hacked=1 "title")`,
  "javascript:": `[a](javascript:top.hacked=1) <javascript:top.hacked=1> [b](JaVaScRiPt:top.hacked=1) [c]( java\tscript:x)`,
  "entities hiding schemes": `[a](&#106;avascript:top.hacked=1) [b](javascript&colon;x) [c](&#x6A;avascript&#58;x) [d](j&#x0A;avascript:x)`,
  "control characters hiding schemes": `[a](\u0001javascript:x) [b](java\u0000script:x) [c](\u202ejavascript:x) [d](%6aavascript:x)`,
  "a reference to javascript:": `[a]\n\n[a]: javascript:top.hacked=1 "title"`,
  "data: as HTML": `[a](data:text/html,<script>top.hacked=1</script>) ![b](data:text/html;base64,PHNjcmlwdD4=)`,
  "other schemes": `[a](vbscript:x) [b](file:///etc/passwd) [c](blob:x) [d](//evil.org) [e](/api/shutdown) [f](#top) [g](ftp://a.org) [h](http:x)`,
  "data: as SVG": `![a](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+) ![b](data:image/svg+xml,<svg onload=1>)`,
  forms: `<form action="${BEACON}"><input name=x autofocus onfocus=top.hacked=1><button formaction=javascript:x>go</button></form>`,
  frames: `<iframe src="${BEACON}"></iframe><iframe srcdoc="<script>top.hacked=1</script>"></iframe><object data=x></object><embed src=x>`,
  styles: `<style>body { display: none } @import "${BEACON}";</style><p style="background:url(${BEACON})">x</p><link rel=stylesheet href=${BEACON}>`,
  "svg tricks": `<svg><a xlink:href="javascript:x"><text>x</text></a><use href="${BEACON}#x"/><animate onbegin=top.hacked=1 /></svg>`,
  "mathml tricks": `<math><maction actiontype="statusline" xlink:href="javascript:x">x</maction></math>`,
  "base and meta": `<base href="${BEACON}"><meta http-equiv="refresh" content="0;url=${BEACON}"><title>x</title>`,
  "remote images": `![a](${BEACON}/a.png) ![b][r] <img src="${BEACON}"> [![c](${BEACON}/c.png)](https://a.org)\n\n[r]: ${BEACON}/r.png`,
  "a local image": `![fine](${PIXEL}) ![no](${PIXEL}" onload="x) ![no](data:image/png;base64,@@@@)`,
  "class, style, id": `<p class="jp-Cell" id="main" style="position:fixed">x</p> {.fm-badge} # x {#id}`,
  "code's language":
    '```"><script>top.hacked=1</script>\nx\n```\n\n```python" onload="x\ny\n```\n\n```__proto__\nz\n```',
  "names of our own": `<span class="fm-badge fm-fast">fast</span> <div data-words="x">`,
  tables: `| <script>x</script> | [a](javascript:x) |\n|:--|--:|\n| <img src=x onerror=y> | \`<b>\` |`,
  "code with tags": "```html\n<script>top.hacked = 1</script>\n<img src=x onerror=alert(1)>\n```",
  ANSI: "\x1b[31mred\x1b[0m \x1b]8;;javascript:x\x07link\x1b]8;;\x07 \x9b2J",
  bidi: "a \u202egnp.exe\u202c b \u2066c\u2069 \u200fd `code\u202e` [l\u202ei](https://a.org/\u202ex)",
  "templates and raw text": `<template><script>x</script></template><noscript><img src=${BEACON}></noscript><textarea></p><xmp><plaintext>`,
  "broken tags": `<a href="x" <b> <<script>script> </p></div></section> <!-- <script> --> <![CDATA[ <b> ]]> <?php x ?>`,
  formulas: `$\\href{javascript:x}{y}$ $$\\htmlData{x=y}{z} \\includegraphics{${BEACON}}$$ \\(\\url{javascript:x}\\)`,
};

describe("a hostile text", () => {
  test.each(Object.entries(HOSTILE))("%s", (_, text) => {
    assertInert(shown(text));
    for (const around of [
      `- ${text}`,
      `> ${text}`,
      `# ${text}`,
      `1. a\n\n   ${text}`,
      `[${text}](https://a.org)`,
      `**${text}**`,
    ]) {
      assertInert(shown(around));
    }
  });

  test("pieces of hostile texts in any order", () => {
    const random = chance(11);
    const parts = Object.values(HOSTILE).flatMap((text) => text.split(/(?<=[\s<>"'()])/));
    for (let round = 0; round < 400; round++) {
      assertInert(shown(Array.from({ length: 25 }, () => pick(random, parts)).join("")));
    }
  });

  test("the corpus, too, is inert", () => {
    for (const text of [...Object.values(CORPUS), longAnswer(4)]) assertInert(shown(text));
  });
});

describe("links and images", () => {
  const links = (text: string) => [...shown(text).querySelectorAll("a")].map((link) => link.getAttribute("href"));

  test("only addresses that a click may open are links", () => {
    expect(links(HOSTILE["javascript:"] ?? "")).toEqual([]);
    expect(links(HOSTILE["other schemes"] ?? "")).toEqual([]);
    expect(links(HOSTILE["entities hiding schemes"] ?? "")).toEqual([]);
    expect(links("[a](HTTPS://a.org) <mailto:x@y.org> [b](http://b.org/?q=&amp;x)")).toEqual([
      "HTTPS://a.org",
      "mailto:x@y.org",
      "http://b.org/?q=&x",
    ]);
  });

  test("the words of what is no link stay", () => {
    expect(shown("a [b *c*](javascript:x) d").textContent).toBe("a b c d");
    expect(shown(`![the *plot*](a.png) ![](javascript:x)`).textContent).toBe(
      "[image: the plot] [image: without a description]",
    );
  });

  test("an image in the text itself is shown", () => {
    const root = shown(HOSTILE["a local image"] ?? "");
    expect([...root.querySelectorAll("img")].map((image) => image.alt)).toEqual(["fine"]);
  });
});

describe("an image from elsewhere", () => {
  test("is its words and a button that names the place", () => {
    const root = shown("![the *plot*](https://user:key@a.org/p.png?x=1) ![](https://a\u0430.org/)");
    expect(root.querySelector("img")).toBeNull();
    expect(root.textContent).toBe(
      "[image: the plot]Show image from a.org [image: without a description]Show image from xn--a-8sb.org",
    );
  });

  test("is fetched when its reader says so, and its place is not told from where", () => {
    const { find } = mount({ text: `[![the plot](${BEACON}/p.png)](https://a.org/)` });
    const allow = find(".fm-show-image") as HTMLElement;
    const click = new MouseEvent("click", { bubbles: true, cancelable: true });
    allow.dispatchEvent(click);
    expect(click.defaultPrevented).toBe(true);
    const image = find("img") as HTMLImageElement;
    expect([image.src, image.referrerPolicy]).toEqual([`${BEACON}/p.png`, "no-referrer"]);
    image.src = "";
  });

  afterEach(unmountAll);
});

describe("in the page", () => {
  beforeEach(() => performance.clearResourceTimings());
  afterEach(unmountAll);
  const requests = () => performance.getEntriesByType("resource").filter(({ name }) => name.includes("fm-beacon"));

  test("nothing is fetched and nothing runs", async () => {
    const { find } = mount({ text: Object.values(HOSTILE).join("\n\n"), thinking: HOSTILE["remote images"] ?? "" });
    find<HTMLDetailsElement>("details").open = true;
    await until(() => find(".fm-text:not(.fm-small)").textContent.includes("\\includegraphics"), "all of it");
    await frame();
    for (const link of document.querySelectorAll<HTMLElement>(".fm-text a"))
      link.dispatchEvent(new MouseEvent("mouseover"));
    await sleep(150);
    expect(requests()).toEqual([]);
    expect((window.top as { hacked?: number } | null)?.hacked).toBeUndefined();
    for (const pane of document.querySelectorAll(".fm-text")) assertInert(pane);
  });

  test("a request would be seen", async () => {
    new Image().src = `${BEACON}?control`;
    await until(() => requests().length === 1, "the request");
  });

  test("what must not be is seen, too", () => {
    for (const html of [
      "<p onclick=x>",
      "<p style=x>",
      "<a href='javascript:x'>",
      "<iframe>",
      "<svg>",
      "<p>\u202e</p>",
      "<p id=x>",
      "<!---->",
      "<img src=x alt=''>",
    ]) {
      const root = document.createElement("div");
      root.innerHTML = html;
      expect(() => assertInert(root), html).toThrow();
    }
  });
});
