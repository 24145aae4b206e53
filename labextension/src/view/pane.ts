/** The pane that follows a growing text. It takes every frame, and paints when the pace allows. */

import { Article } from "./article";
import { listen } from "./code";
import { element } from "./dom";
import { Finish } from "./finish";
import type { Host } from "./host";
import { listenForImages } from "./image";
import type { Pace } from "./pace";

// how long a paint may take: in a stream, for a text that was there before, and where nobody looks
const SLICE_MS = 8;
const FIRST_SLICE_MS = 24;
const HIDDEN_SLICE_MS = 50;

export class Pane {
  readonly element: HTMLElement;
  private readonly article: Article;
  private readonly finish: Finish;
  private text = "";
  private live = true;
  private begun = false;
  private shown = true;

  constructor(
    private readonly pace: Pace,
    host: Host,
    className = "",
  ) {
    this.element = element("div", `fm-text ${className}`.trim());
    this.finish = new Finish(host, () => this.pace.request(true));
    this.article = new Article(this.element, (block) => this.finish.add(block));
    pace.add(() => this.paint());
    listen(this.element, host);
    listenForImages(this.element);
  }

  /** The text so far; `live` while more may come. */
  update(text: string, live: boolean): void {
    if (text === this.text && live === this.live) return;
    this.text = text;
    this.live = live;
    if (this.shown) this.pace.request(!live || !this.begun);
  }

  /** Nothing is painted while the pane is folded away. */
  unfold(shown: boolean): void {
    this.shown = shown;
    if (shown) this.pace.request(true);
  }

  private paint(): boolean {
    if (!this.shown || (this.live && !this.text)) return false;
    const slice_ms = document.hidden ? HIDDEN_SLICE_MS : this.begun ? SLICE_MS : FIRST_SLICE_MS;
    const end_ms = performance.now() + slice_ms;
    const isTimeUp = () => performance.now() > end_ms;
    this.begun = true;
    return this.article.show(this.text, this.live, isTimeUp) || this.finish.work(isTimeUp);
  }
}
