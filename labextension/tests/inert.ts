/** What may be in a page that shows a model's text, and nothing else. */

type Rule = Record<string, RegExp>;

const CLASS = /^fm-[a-z-]+( fm-[a-z-]+)*$/;
const SCROLLS: Rule = { class: /^(fm-plain|fm-table)$/, tabindex: /^0$/, role: /^group$/, "aria-label": /^[a-z]+$/ };
const CELL: Rule = { class: /^fm-(left|center|right)$/ };
const NONE: Rule = {};

const ALLOWED: Record<string, Rule> = {
  ...Object.fromEntries(
    "p h1 h2 h3 h4 h5 h6 ul strong em del br hr blockquote table thead tbody tr".split(" ").map((tag) => [tag, NONE]),
  ),
  div: {
    ...SCROLLS,
    class: /^fm-(text|small|chapter|group|block|code|code-bar|table)( fm-(small|done))?$/,
    "aria-busy": /^(true|false)$/,
  },
  pre: SCROLLS,
  span: { class: CLASS },
  code: { class: /^fm-long$/ },
  ol: { start: /^\d+$/ },
  li: { class: /^fm-task$/ },
  th: CELL,
  td: CELL,
  a: { href: /^(https?:\/\/|mailto:)/i, target: /^_blank$/, rel: /^noopener noreferrer nofollow$/ },
  img: { src: /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/, alt: /^/ },
  input: { type: /^checkbox$/, disabled: /^$/, checked: /^$/ },
  button: {
    type: /^button$/,
    class: /^fm-button fm-((copy|insert)-code|show-image)$/,
    title: /^https?:\/\/[!-~]+$/,
    "aria-label": /^(Copy code|Insert code in a new cell below)$/,
  },
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be shown
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** Throw at the first node or attribute below `root` that a model must not bring about. */
export function assertInert(root: Element): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ALL);
  for (let node: Node | null = walker.currentNode; node; node = walker.nextNode()) {
    if (node instanceof Text) assertVisible(node.data);
    else if (node instanceof Element) assertAllowed(node);
    else throw new Error(`a node of type ${node.nodeType}`);
  }
}

function assertAllowed(element: Element): void {
  const rule = element.namespaceURI === "http://www.w3.org/1999/xhtml" ? ALLOWED[element.localName] : undefined;
  if (!rule) throw new Error(`an element that may not be: ${element.outerHTML.slice(0, 200)}`);
  for (const { name, value } of element.attributes) {
    if (!rule[name]?.test(value)) throw new Error(`an attribute that may not be: ${name}="${value.slice(0, 200)}"`);
    assertVisible(value);
  }
}

function assertVisible(text: string): void {
  if (UNSEEN.test(text)) throw new Error(`characters that may not be: ${JSON.stringify(text.slice(0, 200))}`);
}
