/** Tokens as DOM nodes. Only what stands here can come of a model's text; its words are in no attribute but href, src, alt, title. */

import type { MarkedToken, Token, Tokens } from "marked";
import { decoded } from "./characters";
import { formula } from "./formula";
import { address, picture, remotePicture } from "./links";

const BREAK = /^<br\s*\/?>$/i;
const ALIGNED = { left: "fm-left", center: "fm-center", right: "fm-right" };

interface Span {
  type: string;
  raw: string;
  text?: string;
  tokens?: Token[];
}

/** Append what block tokens mean. */
export function appendBlocks(parent: Node, tokens: Token[]): void {
  for (const token of tokens) appendBlock(parent, token as MarkedToken);
}

function appendBlock(parent: Node, token: MarkedToken): void {
  switch (token.type) {
    case "heading":
      appendInline(append(parent, `h${token.depth}`), token.tokens);
      break;
    case "paragraph":
      appendInline(append(parent, "p"), token.tokens);
      break;
    case "code":
      parent.appendChild(codeBlock(token.text.replace(/\n$/, ""), token.lang ?? ""));
      break;
    case "blockquote":
      appendBlocks(append(parent, "blockquote"), token.tokens);
      break;
    case "list":
      appendList(parent, token);
      break;
    case "table":
      appendTable(parent, token);
      break;
    case "hr":
      append(parent, "hr");
      break;
    case "space":
    case "def":
      break;
    default:
      appendInline(parent, [token]);
  }
}

function appendList(parent: Node, token: Tokens.List): void {
  const list = append(parent, token.ordered ? "ol" : "ul");
  if (token.ordered && token.start !== 1) list.setAttribute("start", String(token.start));
  for (const item of token.items) {
    const entry = append(list, "li", item.task ? "fm-task" : "");
    appendBlocks(entry, item.tokens);
  }
}

function appendTable(parent: Node, token: Tokens.Table): void {
  const frame = append(parent, "div", "fm-table");
  scrollable(frame, "table");
  const table = append(frame, "table");
  appendRow(append(table, "thead"), token.header);
  if (!token.rows.length) return;
  const body = append(table, "tbody");
  for (const row of token.rows) appendRow(body, row);
}

function appendRow(parent: Node, cells: Tokens.TableCell[]): void {
  const row = append(parent, "tr");
  for (const { header, align, tokens } of cells) {
    appendInline(append(row, header ? "th" : "td", align ? ALIGNED[align] : ""), tokens);
  }
}

function appendInline(parent: Node, tokens: Token[]): void {
  for (const token of tokens) appendSpan(parent, token as Span);
}

function appendSpan(parent: Node, token: Span): void {
  const { text = token.raw, tokens } = token;
  switch (token.type) {
    case "strong":
    case "em":
    case "del":
      appendInline(append(parent, token.type), tokens ?? []);
      break;
    case "codespan":
      appendText(append(parent, "code"), text);
      break;
    case "br":
      append(parent, "br");
      break;
    case "html":
      if (BREAK.test(text)) append(parent, "br");
      else appendText(parent, text);
      break;
    case "link":
      appendLink(parent, token as Tokens.Link);
      break;
    case "image":
      appendImage(parent, token as Tokens.Image);
      break;
    case "checkbox":
      appendCheckbox(parent, token as Tokens.Checkbox);
      break;
    case "formula":
      parent.appendChild(formulaSpan(text));
      break;
    case "escape":
      appendText(parent, text);
      break;
    default:
      if (tokens) appendInline(parent, tokens);
      else appendText(parent, decoded(text));
  }
}

function appendLink(parent: Node, token: Tokens.Link): void {
  const href = address(token.href);
  if (!href) {
    appendInline(parent, token.tokens);
    return;
  }
  const link = append(parent, "a");
  link.setAttribute("href", href);
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer nofollow");
  appendInline(link, token.tokens);
}

function appendImage(parent: Node, token: Tokens.Image): void {
  const source = picture(token.href);
  const description = document.createDocumentFragment();
  appendInline(description, token.tokens);
  const words = description.textContent;
  if (source) {
    const image = append(parent, "img");
    image.setAttribute("src", source);
    image.setAttribute("alt", words);
    return;
  }
  appendText(parent, `[image: ${words || "without a description"}]`);
  const url = remotePicture(token.href);
  if (!url) return;
  const allow = append(parent, "button", "fm-button fm-show-image");
  allow.setAttribute("type", "button");
  allow.setAttribute("title", url.href);
  allow.append(`Show image from ${url.host}`);
}

function appendCheckbox(parent: Node, token: Tokens.Checkbox): void {
  const box = append(parent, "input");
  box.setAttribute("type", "checkbox");
  box.setAttribute("disabled", "");
  if (token.checked) box.setAttribute("checked", "");
  appendText(parent, " ");
}

const LONG = 64_000;
const PART = 16_000;

/** Append text of any length. A long one comes in parts of whole lines, so that a browser can leave out most of it. */
function appendLong(parent: HTMLElement, text: string): void {
  if (text.length <= LONG) {
    appendText(parent, text);
    return;
  }
  parent.classList.add("fm-long");
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at + PART) + 1 || text.length;
    appendText(append(parent, "span", "fm-part"), text.slice(at, end));
    at = end;
  }
}

/** A block of code; `info` is what stands behind its fence. */
export function codeBlock(code: string, info: string): HTMLElement {
  const name = /^[\w+#.-]{1,24}/.exec(decoded(info).trim())?.[0] ?? "";
  const block = document.createElement("div");
  block.className = "fm-code";
  const bar = append(block, "div", "fm-code-bar");
  appendText(append(bar, "span", "fm-code-name"), name);
  const pre = append(block, "pre");
  scrollable(pre, "code");
  appendLong(append(pre, "code"), code);
  return block;
}

/** A formula as it was written; rendering it comes later, if ever. */
export function formulaSpan(written: string): HTMLElement {
  const span = document.createElement("span");
  span.className = formula(written).display ? "fm-math fm-math-display" : "fm-math";
  span.textContent = written;
  return span;
}

/** Text as it was written, in a box of its own. */
export function plainBlock(text: string): HTMLElement {
  const pre = document.createElement("pre");
  pre.className = "fm-plain";
  scrollable(pre, "text");
  appendLong(append(pre, "code"), text);
  return pre;
}

function append(parent: Node, tag: string, className = ""): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  return parent.appendChild(element);
}

/** Text joins the text before it, so that equal texts are equal trees. */
function appendText(parent: Node, text: string): void {
  if (parent.lastChild?.nodeType === Node.TEXT_NODE) (parent.lastChild as Text).appendData(text);
  else if (text) parent.appendChild(document.createTextNode(text));
}

/** Make a box that can be wider than its place reachable by keyboard. */
function scrollable(box: HTMLElement, label: string): void {
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label);
}
