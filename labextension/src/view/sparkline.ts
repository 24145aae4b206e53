/** How a rate went, as a small line. */

import { drawing } from "./dom";

const WIDTH = 64;
const HEIGHT = 16;
const FEWEST = 4;

export class Sparkline {
  readonly element: SVGSVGElement;
  private readonly line: SVGElement;

  constructor() {
    [this.element, this.line] = drawing("fm-sparkline", `0 0 ${WIDTH} ${HEIGHT}`, "polyline");
    this.line.setAttribute("fill", "none");
    this.line.setAttribute("stroke", "currentColor");
  }

  /** Draw the rates from 0 up; too few say nothing. */
  show(rates: readonly number[]): void {
    this.element.classList.toggle("fm-hidden", rates.length < FEWEST);
    const most = Math.max(1, ...rates);
    const step = WIDTH / Math.max(1, rates.length - 1);
    const points = rates.map((rate, index) => {
      const height = (HEIGHT - 2) * (Math.max(0, rate) / most);
      return `${(index * step).toFixed(1)},${(HEIGHT - 1 - height).toFixed(1)}`;
    });
    this.line.setAttribute("points", points.join(" "));
  }
}
