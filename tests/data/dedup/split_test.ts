import { assert, assertEquals, assertThrows } from "@std/assert";
import { splitOf } from "../../../data/dedup/mod.ts";

const keys = Array.from({ length: 20_000 }, (_, i) => `document ${i}`);

Deno.test("split: the fraction asked for, another with another salt", () => {
  const chosen = (salt?: number) => keys.map((key) => splitOf(key, 0.1, salt) === "validation");
  const share = chosen().filter(Boolean).length / keys.length;
  assert(Math.abs(share - 0.1) < 0.01, `${share}`);
  const other = chosen(7);
  const both = chosen().filter((is, i) => is && other[i]).length / keys.length;
  assert(Math.abs(both - 0.01) < 0.003, `${both}`);
});

Deno.test("split: by nothing but the key, and growing fractions only add", () => {
  const bytes = new TextEncoder().encode("document 5");
  assertEquals(splitOf(bytes, 0.5), splitOf("document 5", 0.5));
  for (const key of keys.slice(0, 1000)) {
    if (splitOf(key, 0.1) === "validation") assertEquals(splitOf(key, 0.2), "validation");
    assertEquals([splitOf(key, 0), splitOf(key, 1)], ["train", "validation"]);
  }
});

Deno.test("split: a fraction over 1 is named", () => {
  assertThrows(
    () => splitOf("key", 5),
    RangeError,
    "Cannot split: wanted a validation fraction from 0 to 1, got 5",
  );
});
