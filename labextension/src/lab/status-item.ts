/** The status bar's item: the session of the notebook in front; a click opens the whole status. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { INotebookTracker } from "@jupyterlab/notebook";
import type { IStatusBar } from "@jupyterlab/statusbar";
import { Widget } from "@lumino/widgets";
import { statusLine } from "../format";
import { mountStatus } from "../view/status";
import type { Sessions } from "./sessions";

const TICK_MS = 1000; // a countdown is shown in seconds

export class StatusItem extends Widget {
  private readonly button = document.createElement("button");
  private readonly panel = document.createElement("div");
  private unsubscribe = () => {};
  private unmount = () => {};

  constructor(
    private readonly sessions: Sessions,
    private readonly tracker: INotebookTracker,
  ) {
    super();
    this.id = "fastmode-status";
    this.addClass("fm-lab-item");
    this.button.type = "button";
    this.button.className = "fm-lab-item-button";
    this.button.title = "Fast mode: show the session";
    this.panel.className = "fm-lab-popover";
    this.panel.popover = "auto";
    this.button.popoverTargetElement = this.panel; // a click on it does not close and open in one
    this.node.append(this.button);
    document.body.append(this.panel);
    this.panel.addEventListener("beforetoggle", (event) => this.toggle(event.newState === "open"));
    this.panel.addEventListener("toggle", (event) => event.newState === "open" && this.place());
    tracker.currentChanged.connect(this.follow);
    sessions.subscribe(this.follow);
    setInterval(this.paint, TICK_MS);
    this.follow();
  }

  /** The panel opens, or closes. */
  private toggle(open: boolean): void {
    this.unmount();
    const session = open ? this.sessions.of(this.tracker.currentWidget) : null;
    this.unmount = session ? mountStatus(this.panel, session.status) : () => {};
    this.panel.style.visibility = "hidden"; // until it has its place
  }

  /** Put the panel over the item. */
  private place(): void {
    const [from, own] = [this.button.getBoundingClientRect(), this.panel.getBoundingClientRect()];
    const above = from.top > window.innerHeight / 2;
    this.panel.style.left = `${Math.max(8, Math.min(from.left, window.innerWidth - own.width - 8))}px`;
    this.panel.style.top = `${above ? from.top - own.height - 6 : from.bottom + 6}px`;
    this.panel.style.visibility = "";
  }

  private readonly follow = (): void => {
    this.unsubscribe();
    const session = this.sessions.of(this.tracker.currentWidget);
    this.unsubscribe = session?.status.subscribe(this.paint) ?? (() => {});
    this.paint();
  };

  private readonly paint = (): void => {
    const store = this.sessions.of(this.tracker.currentWidget)?.status;
    const status = store?.status;
    const says = status && (status.state !== "off" || status.running > 0 || status.facts.length > 0);
    const line = says ? statusLine(status, performance.now(), store.received_ms) : "";
    if (this.button.textContent !== line) this.button.textContent = line;
    this.node.hidden = !line;
  };
}

/** Put the item into the status bar, or where there is none (Notebook 7) into the menu's row. */
export function addStatusItem(app: JupyterFrontEnd, item: StatusItem, statusBar: IStatusBar | null): void {
  if (statusBar) statusBar.registerStatusItem("fastmode-magic:status", { item, align: "right", rank: 50 });
  else app.shell.add(item, "menu", { rank: 5000 });
}
