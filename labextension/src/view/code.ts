/** A block of code that is done: its colours and its buttons. */

import { highlighted } from "../highlight";
import { copyFrom } from "./clipboard";
import { button } from "./dom";
import type { Host } from "./host";

export function finishCode(block: HTMLElement, host: Host): void {
  const [bar, name, code] = [part(block, ".fm-code-bar"), part(block, ".fm-code-name"), part(block, "code")];
  const coloured = highlighted(code.textContent, name.textContent);
  if (coloured) code.replaceChildren(coloured);
  const copy = button("fm-copy-code", "Copy");
  copy.setAttribute("aria-label", "Copy code");
  bar.append(copy);
  if (!host.insertBelow) return;
  const insert = button("fm-insert-code", "Insert below");
  insert.setAttribute("aria-label", "Insert code in a new cell below");
  bar.append(insert);
}

/** Do what the buttons of the blocks in `pane` say. */
export function listen(pane: HTMLElement, host: Host): void {
  pane.addEventListener("click", ({ target }) => {
    const pressed = (target as Element).closest("button");
    const block = pressed?.closest<HTMLElement>(".fm-code");
    if (!pressed || !block) return;
    const code = part(block, "code").textContent;
    if (pressed.classList.contains("fm-copy-code")) void copyFrom(pressed, code);
    else host.insertBelow?.(code, block);
  });
}

function part(block: HTMLElement, selector: string): HTMLElement {
  return block.querySelector(selector) as HTMLElement;
}
