/** When to paint: soon, but never so often that painting becomes what the page does. */

const INTERVAL_MS = 110;
/** Where the text grows out of sight, nobody sees how smoothly it does. */
const UNSEEN_INTERVAL_MS = 500;
const NEAR = "200px";
/** After each paint, the page has so many times what it cost for other things. */
const REST = 16;
/** A hidden page gets no frames. */
const NO_FRAME_MS = 250;

export class Pace {
  private readonly painters: (() => boolean)[] = [];
  private readonly painted = new MessageChannel();
  private readonly attached = new ResizeObserver(() => this.element.isConnected && this.run());
  private readonly sight = new IntersectionObserver((entries) => this.look(entries), { rootMargin: NEAR });
  private isInSight = true;
  private next_ms = 0;
  private due_ms = Number.POSITIVE_INFINITY;
  private start_ms = 0;
  private timer = 0;
  private frame = 0;

  constructor(private readonly element: Element) {
    this.painted.port1.onmessage = () => this.rest();
  }

  /** `painter` says whether it has more to paint. */
  add(painter: () => boolean): void {
    this.painters.push(painter);
  }

  /** Paint less often while `tail`, where the text grows, is out of sight. */
  watch(tail: Element): void {
    this.sight.observe(tail);
  }

  /** Paint now, or when the element has a place in a page. */
  begin(): void {
    this.run();
  }

  /** Paint in the next frame if it is urgent, else as soon as the pace allows. */
  request(urgent = false): void {
    if (!this.painters.length) return;
    const now_ms = performance.now();
    const due_ms = urgent ? now_ms : Math.max(now_ms, this.next_ms);
    if (this.due_ms <= due_ms) return;
    this.cancel();
    this.due_ms = due_ms;
    if (due_ms === now_ms) this.soon();
    else this.timer = window.setTimeout(() => this.again(), due_ms - now_ms);
  }

  dispose(): void {
    this.cancel();
    this.attached.disconnect();
    this.sight.disconnect();
    this.painted.port1.close();
    this.painters.length = 0;
  }

  private look(entries: IntersectionObserverEntry[]): void {
    this.isInSight = entries.at(-1)?.isIntersecting ?? true;
    if (!this.isInSight) return;
    this.next_ms = Math.min(this.next_ms, this.start_ms + INTERVAL_MS);
    if (this.due_ms < Number.POSITIVE_INFINITY) this.request(); // now that may be sooner
  }

  /** The cost of the last paint may have become known since this was asked for. */
  private again(): void {
    this.due_ms = Number.POSITIVE_INFINITY;
    this.request();
  }

  private soon(): void {
    this.frame = requestAnimationFrame(() => this.run());
    this.timer = window.setTimeout(() => this.run(), NO_FRAME_MS);
  }

  private run(): void {
    this.cancel();
    this.attached.disconnect();
    if (!this.element.isConnected) {
      this.attached.observe(this.element); // tells when it gets a place in a page
      return;
    }
    this.start_ms = performance.now();
    this.next_ms = this.start_ms + (this.isInSight ? INTERVAL_MS : UNSEEN_INTERVAL_MS);
    let more = false;
    for (const painter of this.painters) more = painter() || more;
    this.painted.port2.postMessage(null); // comes after the browser's own work on this frame
    if (more) this.request(true);
  }

  private rest(): void {
    const now_ms = performance.now();
    this.next_ms = Math.max(this.next_ms, now_ms + REST * (now_ms - this.start_ms));
  }

  private cancel(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.due_ms = Number.POSITIVE_INFINITY;
  }
}
