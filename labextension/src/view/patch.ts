/** A tree made equal to a fresh one, with as few changes as a growing text needs: mostly some more text at its end. */

/** Make the children of `old` equal to those of `fresh`, which is used up. */
export function patch(old: Node, fresh: Node): void {
  let before = old.firstChild;
  let after = fresh.firstChild;
  while (after) {
    const [next, following] = [after.nextSibling, before?.nextSibling ?? null];
    if (!before) old.appendChild(after);
    else if (before.nodeName !== after.nodeName) old.replaceChild(after, before);
    else if (before instanceof Text) grow(before, (after as Text).data);
    else {
      setAttributes(before as Element, after as Element);
      patch(before, after);
    }
    before = following;
    after = next;
  }
  while (before) {
    const following = before.nextSibling;
    before.remove();
    before = following;
  }
}

function grow(text: Text, data: string): void {
  if (text.data === data) return;
  if (data.startsWith(text.data)) text.appendData(data.slice(text.length));
  else text.data = data;
}

function setAttributes(old: Element, fresh: Element): void {
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}
