/** What the palette and the shortcuts do. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import { ANSWER_MIME, type Answer } from "../protocol";
import { isLive } from "../store";
import { CLAUDE_CELL } from "./cells";
import type { Session } from "./session";
import type { Sessions } from "./sessions";

/** Put `source` into a new code cell below the cell at `index`, and make that the active one. */
export function insertBelow(panel: NotebookPanel, index: number, source: string): void {
  panel.content.model?.sharedModel.insertCell(index + 1, { cell_type: "code", source, metadata: {} });
  panel.content.activeCellIndex = index + 1;
}

/** Stop a run: one in a cell by interrupting its kernel, one in the background by name. */
export function stop(session: Session, run: string): void {
  if (session.runs.get(run)?.answer.background) session.send({ stop: run });
  else void session.kernel.interrupt();
}

/** The `%%claude` cell asked again at the other speed than the one that served it. */
export function otherSpeed(source: string, answer: Answer | null): string {
  return source.replace(/%%claude.*/, (line) => {
    let asked = "standard";
    const plain = line.replace(/("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\s+--(no-)?fast(?=\s|$)/g, (_, quoted, no) => {
      if (quoted === undefined) asked = no ? "standard" : "fast";
      return quoted ?? "";
    });
    const flag = (answer?.speed ?? asked) === "fast" ? "--no-fast" : "--fast";
    return plain.replace("%%claude", `%%claude ${flag}`);
  });
}

export function addCommands(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  sessions: Sessions,
  palette: ICommandPalette | null,
): void {
  const session = () => sessions.of(tracker.currentWidget);
  const live = () => [...(session()?.runs.values() ?? [])].filter((run) => isLive(run.answer.phase));
  const fast = () => session()?.status.status?.switched_on === true;
  const add = (
    name: string,
    label: string,
    isEnabled: () => boolean,
    execute: () => unknown,
    isToggled?: () => boolean,
  ) => {
    const command = `fastmode:${name}`;
    app.commands.addCommand(command, {
      label,
      isEnabled,
      execute,
      ...(isToggled && { isToggled, isToggleable: true }),
    });
    palette?.addItem({ command, category: "Fast mode" });
  };
  add(
    "toggle",
    "Fast Mode On or Off",
    () => session() !== null,
    () => session()?.send({ fast: !fast() }),
    fast,
  );
  add(
    "stop",
    "Stop the Answer",
    () => live().length > 0,
    () => live().map((run) => stop(session() as Session, run.answer.run)),
  );
  add(
    "other-speed",
    "Ask Again at the Other Speed",
    () => CLAUDE_CELL.test(active(tracker)?.source ?? ""),
    () => {
      const cell = active(tracker);
      if (!cell) return;
      insertBelow(cell.panel, cell.index, otherSpeed(cell.source, cell.answer));
      return app.commands.execute("notebook:run-cell");
    },
  );
  add(
    "insert-code",
    "Insert the Answer's Code Below",
    () => /^ *(```|~~~)/m.test(active(tracker)?.answer?.text ?? ""),
    () => {
      const cell = active(tracker);
      if (cell?.answer) insertBelow(cell.panel, cell.index, firstCode(cell.answer.text));
    },
  );
}

/** The first fenced block of a text. */
export function firstCode(text: string): string {
  const found = /^( *)(`{3,}|~{3,})[^\n]*\n([\s\S]*?)(?:\n\1\2|$(?![\s\S]))/m.exec(text);
  return found?.[3] ?? "";
}

function active(tracker: INotebookTracker) {
  const panel = tracker.currentWidget;
  const model = panel?.content.activeCell?.model;
  if (!panel || !model) return null;
  let answer: Answer | null = null;
  for (let index = 0; index < (model.outputs?.length ?? 0); index++) {
    answer = (model.outputs?.get(index).data?.[ANSWER_MIME] as Answer | undefined) ?? answer;
  }
  return { panel, index: panel.content.activeCellIndex, source: model.sharedModel.getSource(), answer };
}
