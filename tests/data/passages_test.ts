import { assertEquals } from "@std/assert";
import { removePassages, splitPassages } from "../../data/passages.ts";

const TEXTS = ["", "\n", "one", "one\ntwo\n", "one\n\n\ntwo\nthree\n \t\nfour\n\n", "\n\none"];

Deno.test("passages: joined they are the text", () => {
  for (const text of TEXTS) {
    for (const unit of ["line", "paragraph"] as const) {
      assertEquals(splitPassages(text, unit).join(""), text);
    }
  }
});

Deno.test("passages: lines end with their break, paragraphs with their empty lines", () => {
  assertEquals(splitPassages("one\n\ntwo", "line"), ["one\n", "\n", "two"]);
  assertEquals(splitPassages(TEXTS[4], "paragraph"), [
    "one\n\n\n",
    "two\nthree\n \t\n",
    "four\n\n",
  ]);
});

Deno.test("passages: those named go, by what they say and by their number", () => {
  assertEquals(
    removePassages(TEXTS[4], "paragraph", (passage) => passage === "four"),
    "one\n\n\ntwo\nthree",
  );
  assertEquals(removePassages("a\nb\nc", "line", (_, i) => i === 1), "a\nc");
  assertEquals(removePassages(" a \n", "line", (passage) => passage !== "a"), " a \n");
});
