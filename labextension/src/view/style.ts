/** Style sheets, each once in a document and once in a shadow root. */

const styled = new WeakMap<Node, Set<string>>();

/** Put a style sheet where `node` is; fonts count only in the document, so it is there in any case. */
export function addStyle(node: Node, name: string, css: string): void {
  const root = node.getRootNode();
  add(document, document.head, name, css);
  if (root instanceof ShadowRoot) add(root, root, name, css);
}

function add(root: Node, parent: Node, name: string, css: string): void {
  const names = styled.get(root) ?? new Set();
  if (names.has(name)) return;
  styled.set(root, names.add(name));
  const style = document.createElement("style");
  style.dataset.fastmode = name;
  style.textContent = css;
  parent.appendChild(style);
}
