/** The lab extension: adapters between JupyterLab and the views. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ANSWER_MIME, STATUS_MIME } from "../protocol";
import type { Host } from "../view/host";
import { addStyle } from "../view/style";
import { highlight } from "./cells";
import { addCommands, insertBelow, stop } from "./commands";
import css from "./lab.css";
import { AnswerView, StatusView } from "./renderer";
import { Sessions } from "./sessions";
import { addStatusItem, StatusItem } from "./status-item";

const RANK = -20; // before the widgets' -10: one bundle serves every front end

const plugin: JupyterFrontEndPlugin<void> = {
  id: "fastmode-magic:plugin",
  description: "Answers, status and commands of %%claude.",
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [ICommandPalette, IStatusBar],
  activate(
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    palette: ICommandPalette | null,
    statusBar: IStatusBar | null,
  ) {
    addStyle(document.body, "lab", css);
    const sessions = new Sessions();
    const panelOf = (node: HTMLElement) => tracker.find((panel) => panel.node.contains(node)) ?? null;
    const host: Host = {
      stop: (run) => {
        const session = sessions.running(run);
        if (session) stop(session, run);
      },
      insertBelow: (code, node) => {
        const panel = panelOf(node);
        const index = panel?.content.widgets.findIndex((cell) => cell.node.contains(node)) ?? -1;
        if (panel && index >= 0) insertBelow(panel, index, code);
      },
      status: (run) => sessions.running(run)?.status ?? null,
      loadMath: () => import("../math"),
    };
    rendermime.addFactory(
      { safe: true, mimeTypes: [ANSWER_MIME], createRenderer: () => new AnswerView(sessions, host) },
      RANK,
    );
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [STATUS_MIME],
        createRenderer: () => new StatusView((node) => sessions.of(panelOf(node))?.status ?? null),
      },
      RANK,
    );
    const follow = (panel: Parameters<typeof highlight>[0]) => {
      sessions.follow(panel);
      highlight(panel);
    };
    tracker.forEach(follow);
    tracker.widgetAdded.connect((_, panel) => follow(panel));
    addStatusItem(app, new StatusItem(sessions, tracker), statusBar);
    addCommands(app, tracker, sessions, palette);
  },
};

export default plugin;
