/** Cells with the code of an answer, below the cell that asked. They are never run. */

import type { CellModel, NotebookPanel } from "@jupyterlab/notebook";
import type { Insert } from "../protocol";

export class InsertedCells {
  /** By the cell that asked: the cells that were made for it, and what was put into them. */
  private readonly made = new Map<string, Map<string, string>>();

  /** Make the cells; those of an earlier run that nobody has touched are replaced. */
  put(panel: NotebookPanel, { cell, sources }: Insert): void {
    const model = panel.content.model;
    if (!model) return;
    this.takeBack(model, cell);
    const at = [...model.cells].findIndex((one) => one.id === cell);
    if (at < 0) return;
    model.sharedModel.transact(() => {
      sources.forEach((source, index) => {
        model.sharedModel.insertCell(at + 1 + index, { cell_type: "code", source, metadata: {} });
      });
    });
    const cells = [...model.cells].slice(at + 1, at + 1 + sources.length);
    this.made.set(cell, new Map(cells.map((one, index) => [one.id, sources[index] as string])));
  }

  private takeBack(model: NonNullable<NotebookPanel["content"]["model"]>, cell: string): void {
    const made = this.made.get(cell);
    const untouched = (one: CellModel) =>
      one.sharedModel.getSource() === made?.get(one.id) && one.executionCount === null;
    for (const one of made ? [...model.cells].filter(untouched) : []) {
      model.sharedModel.deleteCell([...model.cells].findIndex(({ id }) => id === one.id));
    }
  }
}
