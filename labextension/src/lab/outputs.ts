/** Answers in the cells of a notebook: the model that is saved, not what is seen. */

import type { CellModel, NotebookPanel, Output, Outputs } from "@jupyterlab/notebook";
import { visible } from "../markdown/characters";
import { ANSWER_MIME, type Answer, type Late } from "../protocol";
import { isLive } from "../store";
import type { Session } from "./session";

/** The metadata of an output that was saved before its answer had ended. */
const UNFINISHED = { [ANSWER_MIME]: { unfinished: true } };

/** Whether an answer that seems to be coming is one that was saved so. */
export function isUnfinished(metadata: Record<string, unknown>): boolean {
  return (metadata[ANSWER_MIME] as { unfinished?: boolean } | undefined)?.unfinished === true;
}

/** Put what has come so far of running answers into the notebook's model, so that saving it keeps the text. */
export function keepWhatCame(panel: NotebookPanel, session: Session): void {
  for (const [outputs, index, answer] of answers(panel)) {
    const now = session.runs.get(answer.run)?.answer;
    if (!now || !isLive(answer.phase)) continue;
    const output = outputs.get(index).toJSON();
    const data = session.documents.get(answer.run) ?? { [ANSWER_MIME]: now, "text/plain": plain(now) };
    outputs.set(index, { ...output, data, metadata: data[ANSWER_MIME] === now ? UNFINISHED : {} });
  }
}

/** Put answers that ended while the page was away into their cells. */
export function placeLate(panel: NotebookPanel, session: Session, late: Late[]): void {
  const runs = new Set(late.map(({ run }) => run));
  for (const { run, cell, bundle } of late) place(panel, session, run, cell, bundle, runs);
}

/** Show an answer that is still coming, of which the page knew nothing. */
export function placeLive(panel: NotebookPanel, session: Session, cell: string, answer: Answer): void {
  place(panel, session, answer.run, cell, { [ANSWER_MIME]: answer, "text/plain": plain(answer) });
}

/** What the cell shows of earlier executions goes: running it again would have cleared that. */
function place(
  panel: NotebookPanel,
  session: Session,
  run: string,
  id: string,
  data: Record<string, unknown>,
  late: ReadonlySet<string> = new Set(),
): void {
  const known = (other: string | undefined) => other !== undefined && (session.runs.has(other) || late.has(other));
  const found = answers(panel).find(([, , answer]) => answer.run === run);
  if (found) {
    const [outputs, index] = found;
    outputs.set(index, { ...outputs.get(index).toJSON(), data, metadata: {} });
    return;
  }
  const cell = [...(panel.content.model?.cells ?? [])].find((one) => one.id === id);
  if (!cell?.outputs || cell.executionState === "running") return; // this page gets the cell's own output
  const outputs = [...Array(cell.outputs.length).keys()].map((index) => cell.outputs?.get(index).toJSON() as Output);
  const others = outputs.filter((output) => known(outputRun(output)));
  cell.outputs.fromJSON([...others, { output_type: "display_data", data, metadata: {} }]);
}

function outputRun(output: Output): string | undefined {
  return (output.data?.[ANSWER_MIME] as Answer | undefined)?.run;
}

function answers(panel: NotebookPanel): [Outputs, number, Answer][] {
  const found: [Outputs, number, Answer][] = [];
  for (const { outputs } of (panel.content.model?.cells ?? []) as Iterable<CellModel>) {
    for (let index = 0; outputs && index < outputs.length; index++) {
      const answer = outputs.get(index).data?.[ANSWER_MIME] as Answer | undefined;
      if (answer?.run) found.push([outputs, index, answer]);
    }
  }
  return found;
}

/** The answer for a page without this extension, which would show what controls a terminal or turns a line around. */
function plain(answer: Answer): string {
  return `${visible(answer.text)}\n\n[saved while the answer was coming]`;
}
