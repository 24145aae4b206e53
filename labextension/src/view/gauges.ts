/** The fast quota as bars with words; between messages they refill as the service's buckets do. */

import { level, levelWords } from "../format";
import type { Gauge } from "../protocol";
import { element, setText } from "./dom";

export class Gauges {
  readonly element = element("div", "fm-gauges");
  private readonly bars = new Map<string, Bar>();
  private readonly unknown = element("p", "fm-quiet", "fast quota: unknown");

  /** Show the levels; true if one of them is still filling. */
  show(gauges: readonly Gauge[] | null, elapsed_s: number): boolean {
    const bars = (gauges ?? []).map((gauge) => this.bar(gauge.name));
    const parts = gauges ? bars.map((bar) => bar.element) : [this.unknown];
    if (parts.some((part, index) => this.element.children[index] !== part)) this.element.replaceChildren(...parts);
    return (gauges ?? []).map((gauge, index) => bars[index]?.show(gauge, elapsed_s)).some(Boolean);
  }

  private bar(name: string): Bar {
    const bar = this.bars.get(name) ?? new Bar(name);
    this.bars.set(name, bar);
    return bar;
  }
}

class Bar {
  readonly element = element("div", "fm-gauge");
  private readonly meter = element("div", "fm-gauge-bar");
  private readonly level = element("div", "fm-gauge-level");
  private readonly words = element("span", "fm-gauge-words");

  constructor(name: string) {
    this.meter.setAttribute("role", "meter");
    this.meter.setAttribute("aria-label", `fast quota, ${name} tokens`);
    this.meter.setAttribute("aria-valuemin", "0");
    this.meter.append(this.level);
    this.element.append(element("span", "fm-gauge-name", `fast quota: ${name}`), this.meter, this.words);
  }

  show(gauge: Gauge, elapsed_s: number): boolean {
    const tokens = level(gauge, elapsed_s);
    const words = levelWords(tokens, gauge.limit);
    this.meter.setAttribute("aria-valuemax", String(gauge.limit));
    this.meter.setAttribute("aria-valuenow", String(tokens));
    this.meter.setAttribute("aria-valuetext", `${words} tokens`);
    this.level.style.transform = `scaleX(${gauge.limit ? (tokens / gauge.limit).toFixed(4) : 0})`;
    setText(this.words, words);
    return tokens < gauge.limit;
  }
}
