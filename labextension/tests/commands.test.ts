import { expect, test } from "vitest";
import { firstCode, otherSpeed } from "../src/lab/commands";
import { ANSWER } from "./support";

const STANDARD = { ...ANSWER, speed: "standard" };

test.each([
  ["%%claude --fast\nWhy?", null, "%%claude --no-fast\nWhy?"],
  ["%%claude reply --no-fast -m opus\nWhy?", null, "%%claude --fast reply -m opus\nWhy?"],
  ["%%claude\nWhy --fast?", null, "%%claude --fast\nWhy --fast?"],
  ["%%claude --fast\nWhy?", STANDARD, "%%claude --fast\nWhy?"], // it was served at standard speed
  ["%%claude\nWhy?", ANSWER, "%%claude --no-fast\nWhy?"], // `%fastmode on`
  ["\n  \n%%claude --fast\nWhy?", null, "\n  \n%%claude --no-fast\nWhy?"],
  ['%%claude -s "say --fast \\" --fast" --fast\nWhy?', null, '%%claude --no-fast -s "say --fast \\" --fast"\nWhy?'],
])("%j is asked again at the other speed", (source, answer, again) => expect(otherSpeed(source, answer)).toBe(again));

test("the first code of an answer", () => {
  expect(firstCode("a\n\n```python\nx = 1\n\ny = 2\n```\nb\n```\nz\n```")).toBe("x = 1\n\ny = 2");
  expect(firstCode("a\n~~~\n```\n~~~")).toBe("```");
  expect(firstCode("none")).toBe("");
});
