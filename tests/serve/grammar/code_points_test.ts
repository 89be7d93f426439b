import { assertEquals } from "@std/assert";
import {
  ALL,
  codePoints,
  complement,
  has,
  intersect,
  utf8Sequences,
} from "../../../serve/grammar/code_points.ts";

const EDGES = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xd7ff, 0xe000, 0xffff, 0x10000]
  .concat([0x3ffff, 0x40000, 0xfffff, 0x100000, 0x10ffff]);

Deno.test("code points: ranges are sorted, joined and rid of surrogates", () => {
  assertEquals(codePoints([[5, 9], [1, 2], [3, 3], [8, 12]]), [1, 3, 5, 12]);
  assertEquals(codePoints([[0xd000, 0xe001]]), [0xd000, 0xd7ff, 0xe000, 0xe001]);
  assertEquals(codePoints([]), []);
});

Deno.test("code points: complement and intersection", () => {
  assertEquals(complement([]), ALL);
  assertEquals(complement(ALL), []);
  assertEquals(complement([0, 9, 12, 0xd7ff]), [10, 11, 0xe000, 0x10ffff]);
  assertEquals(intersect([1, 5, 9, 20], [4, 9, 19, 30]), [4, 5, 9, 9, 19, 20]);
  assertEquals([0, 1, 5, 6, 20].map((code) => has([1, 5, 9, 20], code)), [
    ...[false, true, true, false, true],
  ]);
});

Deno.test("code points: UTF-8 sequences stand for exactly the characters of the set", () => {
  for (const first of EDGES) {
    for (const last of EDGES.filter((last) => last >= first)) {
      const set = codePoints([[first, last]]);
      const sequences = [...utf8Sequences(set)];
      for (const code of EDGES.flatMap((edge) => [edge - 1, edge, edge + 1])) {
        if (!has(ALL, code)) continue;
        const bytes = new TextEncoder().encode(String.fromCodePoint(code));
        const found = sequences.filter((sequence) =>
          sequence.length === bytes.length &&
          sequence.every(([low, high], i) => low <= bytes[i] && bytes[i] <= high)
        );
        assertEquals(found.length, has(set, code) ? 1 : 0, `U+${code.toString(16)} of ${set}`);
      }
      const count = sequences.reduce(
        (sum, sequence) =>
          sum + sequence.reduce((product, [low, high]) => product * (high - low + 1), 1),
        0,
      );
      let size = 0;
      for (let i = 0; i < set.length; i += 2) size += set[i + 1] - set[i] + 1;
      assertEquals(count, size, `the number of characters of ${set}`);
    }
  }
});
