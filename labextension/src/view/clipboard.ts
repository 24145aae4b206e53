/** The clipboard, also where a page may not use the newer way. */

import { element, setText } from "./dom";

const SHOWN_MS = 1500;

/** Copy text, and say on the button that it worked. */
export async function copyFrom(button: HTMLButtonElement, text: string): Promise<void> {
  const words = button.dataset.words ?? button.textContent;
  button.dataset.words = words;
  setText(button, (await copy(text)) ? "Copied" : "Not copied");
  setTimeout(() => {
    setText(button, words);
    delete button.dataset.words;
  }, SHOWN_MS);
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const focused = document.activeElement as HTMLElement | null;
  const area = element("textarea", "fm-unseen");
  area.value = text;
  document.body.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    focused?.focus();
  }
}
