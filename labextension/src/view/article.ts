/** A growing text as a page: blocks that are done never change, only the end is shown anew. */

import { type Block, type Links, render, Splitter, visible } from "../markdown";
import { element } from "./dom";
import { patch } from "./patch";

const CHUNK = 16_000; // characters for the splitter at a time
/** Blocks stand in groups and groups in chapters, so that a browser can leave out what nobody sees. */
const GROUP = 8;
const CHAPTER = 64;

export class Article {
  private splitter = new Splitter();
  private links: Links = Object.create(null);
  /** What the splitter has, and what of that is shown for good. */
  private text = "";
  private taken = 0;
  private done: Block[] = [];
  private shown = 0;
  private sections = 0;
  private open: { section: HTMLElement; source: string }[] = [];
  /** Blocks with labels that were unknown when they were shown. */
  private unresolved: { section: HTMLElement; block: Block; labels: Set<string> }[] = [];
  /** Groups that a browser may leave out from the next paint on: by then it knows how high they are. */
  private readonly full: Element[] = [];
  private over = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly onDone: (section: HTMLElement) => void,
  ) {}

  /** Show the text so far; true if time was up before all of it was shown. */
  show(text: string, live: boolean, isTimeUp: () => boolean): boolean {
    for (const group of this.full.splice(0)) group.classList.add("fm-done");
    if (this.over ? live || text !== this.text : !text.startsWith(this.text)) this.clear();
    this.text = text;
    while (this.showDone(isTimeUp)) {
      if (this.taken < text.length) this.take(text);
      else if (live) return this.showOpen();
      else return !this.finish(isTimeUp) || this.full.length > 0;
    }
    return true;
  }

  private take(text: string): void {
    this.splitter.push(visible(text.slice(this.taken, this.taken + CHUNK)));
    this.taken = Math.min(text.length, this.taken + CHUNK);
    this.fetch();
  }

  private fetch(): void {
    this.done = this.splitter.done;
    this.shown = 0;
    this.splitter.done = [];
  }

  private showDone(isTimeUp: () => boolean): boolean {
    while (this.shown < this.done.length) {
      if (isTimeUp()) return false;
      this.settle(this.done[this.shown++] as Block);
    }
    return true;
  }

  private finish(isTimeUp: () => boolean): boolean {
    if (!this.over) {
      this.splitter.end();
      this.fetch();
    }
    this.over = true;
    if (!this.showDone(isTimeUp)) return false;
    for (const { section } of this.open) remove(section);
    this.open = [];
    for (let one = this.unresolved.pop(); one; one = this.unresolved.pop()) {
      if (![...one.labels].some((label) => label in this.links)) continue;
      one.section.replaceChildren(render(one.block, this.links));
      this.onDone(one.section);
      if (isTimeUp()) return false;
    }
    return true;
  }

  /** Show a block for good, in the place where it grew. */
  private settle(block: Block): void {
    const section = this.open.shift()?.section ?? this.append(this.sections);
    const labels = new Set<string>();
    patch(section, render(block, recording(this.links, labels)));
    if (labels.size) this.unresolved.push({ section, block, labels });
    this.sections++;
    const group = section.parentElement;
    if (group && this.sections % GROUP === 0) this.full.push(group);
    if (group?.parentElement && this.sections % (GROUP * CHAPTER) === 0) this.full.push(group.parentElement);
    this.onDone(section);
  }

  private showOpen(): false {
    const blocks = this.splitter.unfinished();
    blocks.forEach((block, index) => {
      const shown = this.open[index] ?? { section: this.append(this.sections + index), source: "" };
      this.open[index] = shown;
      const source = `${block.kind} ${block.source}`;
      if (shown.source === source) return;
      shown.source = source;
      patch(shown.section, render(block, Object.assign(Object.create(null), this.links)));
    });
    for (const { section } of this.open.splice(blocks.length)) remove(section);
    return false;
  }

  private append(index: number): HTMLElement {
    const group = Math.floor(index / GROUP);
    const chapter = child(this.root, Math.floor(group / CHAPTER), "fm-chapter");
    return child(child(chapter, group % CHAPTER, "fm-group"), index % GROUP, "fm-block");
  }

  private clear(): void {
    this.splitter = new Splitter();
    this.links = Object.create(null);
    this.text = "";
    this.done = [];
    this.open = [];
    this.unresolved = [];
    this.full.length = 0;
    this.taken = this.shown = this.sections = 0;
    this.over = false;
    this.root.replaceChildren();
  }
}

/** The child at `index`, made if it is the next one. */
function child(parent: Element, index: number, className: string): HTMLElement {
  return (parent.children[index] as HTMLElement | undefined) ?? parent.appendChild(element("div", className));
}

/** Remove a section, and what it was the last one in. */
function remove(section: Element): void {
  const parent = section.parentElement;
  section.remove();
  if (parent && !parent.firstChild && parent.matches(".fm-group, .fm-chapter")) remove(parent);
}

/** The links, noting every label that is asked for and not there. */
function recording(links: Links, missing: Set<string>): Links {
  return new Proxy(links, {
    get(target, label: string) {
      if (!(label in target)) missing.add(label);
      return target[label];
    },
  });
}
