/** `%%claude` cells are highlighted as Markdown; nothing of that is written into the file. */

import type { Cell, CellModel, NotebookPanel } from "@jupyterlab/notebook";

const MARKDOWN = "text/x-ipythongfm";
export const CLAUDE_CELL = /^\s*%%claude(?![^\s])/;

/** Keep the highlighting of the notebook's `%%claude` cells right while it is edited. */
export function highlight(panel: NotebookPanel): void {
  const seen = new WeakSet<CellModel>();
  const watch = () => {
    for (const { model } of panel.content.widgets as readonly Cell[]) {
      if (seen.has(model) || model.type !== "code") continue;
      seen.add(model);
      const update = () => set(panel, model);
      model.contentChanged.connect(update);
      model.mimeTypeChanged.connect(update); // a kernel start resets it
      update();
    }
  };
  let cells = panel.content.model?.cells;
  const follow = () => {
    cells?.changed.disconnect(later);
    cells = panel.content.model?.cells;
    cells?.changed.connect(later);
    watch();
  };
  const later = () => queueMicrotask(watch); // the widget of a new cell comes after its model
  panel.content.modelChanged.connect(follow);
  void panel.context.ready.then(follow);
}

function set(panel: NotebookPanel, model: CellModel): void {
  const claude = CLAUDE_CELL.test(model.sharedModel.getSource());
  if (claude && model.mimeType !== MARKDOWN) model.mimeType = MARKDOWN;
  if (!claude && model.mimeType === MARKDOWN) model.mimeType = panel.content.codeMimetype;
}
