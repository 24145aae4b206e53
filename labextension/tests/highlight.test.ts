import { describe, expect, test } from "vitest";
import { highlighted } from "../src/highlight";
import { assertInert } from "./inert";
import { chance, pick } from "./support";

const CODE: Record<string, string> = {
  python: 'def f(x: int) -> str:\n    """Doc."""\n    return f"{x!r}"  # why\n',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the code is a template
  javascript: "const a = `x ${1 + 2}`; // y\nclass A extends B {}\n",
  typescript: "interface A<T> { readonly a: T; }\n",
  json: '{"a": [1, true, null, "x"]}',
  bash: 'for f in *.txt; do echo "$f"; done\n',
  sql: "SELECT count(*) FROM t WHERE a = 'b';\n",
  r: "f <- function(x) { x + 1 } # y\n",
  julia: 'function f(x) "x $x" end\n',
  html: "<!-- c --><script>let a = 1;</script><style>p { color: red }</style><p class='x'>&amp;</p>\n",
  css: "@media print { .a > #b:hover { color: #fff !important } }\n",
  c: "#include <stdio.h>\nint main(void) { return 0x1f; }\n",
  cpp: "template <class T> auto f(T &&t) -> decltype(t);\n",
  java: "@Override public final class A { int a = 1; }\n",
  rust: "fn main() -> Result<(), E> { let x = &'a str; }\n",
  go: 'package main\nfunc main() { fmt.Println("x") }\n',
  yaml: "a: &b\n  - c: 1 # d\n",
  markdown: "# a\n\n*b* `c` [d](e)\n",
  diff: "@@ -1 +1 @@\n-a\n+b\n",
};

function made(code: string, name: string): HTMLElement {
  const root = document.createElement("pre");
  root.append(highlighted(code, name) ?? "");
  return root;
}

describe("code", () => {
  test.each(Object.entries(CODE))("%s has colours, and not a character changed", (name, code) => {
    const root = made(code, name);
    expect(root.textContent).toBe(code);
    expect(root.querySelectorAll("span").length).toBeGreaterThan(1);
    assertInert(root);
  });

  test.each(["py", "js", "ts", "sh", "xml", "C++", "rs", "yml", "md", "ipython", "Python"])(
    "goes by %s, too",
    (name) => {
      expect(highlighted("x = 1", name)).not.toBe(null);
    },
  );

  test.each(["", "klingon", "__proto__", "constructor", "mermaid"])("in %j stays as it is", (name) => {
    expect(highlighted("x", name)).toBe(null);
  });

  test("that is long, or has a word that is, stays as it is", () => {
    expect(highlighted("x = 1\n".repeat(4_000), "python")).toBe(null);
    expect(highlighted("x".repeat(500), "python")).toBe(null);
    expect(highlighted("x = 1\n".repeat(3_000), "python")).not.toBe(null);
  });

  test("of all kinds, cut anywhere, keeps its characters", () => {
    const random = chance(2);
    const all = Object.values(CODE).join("");
    for (let round = 0; round < 150; round++) {
      const at = Math.floor(random() * all.length);
      const code = all.slice(at, at + 200);
      const root = made(code, pick(random, Object.keys(CODE)));
      expect(root.textContent).toBe(code);
      assertInert(root);
    }
  });
});
