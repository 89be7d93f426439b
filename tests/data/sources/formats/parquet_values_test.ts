import { assertEquals, assertThrows } from "@std/assert";
import {
  PageCursor,
  walkDeltas,
  walkRuns,
} from "../../../../data/sources/formats/parquet_values.ts";

const cursorOf = (...bytes: number[]) => new PageCursor(Uint8Array.from(bytes));

Deno.test("parquet runs: equal and bit-packed values are counted, and must be as many as wanted", () => {
  // Five times 1, then 0 1 0 1 1 0 0 0 in one bit each.
  const runs = [5 << 1, 1, 1 << 1 | 1, 0b00011010];
  assertEquals(walkRuns(cursorOf(...runs), 1, 13, 1), 8);
  assertEquals(walkRuns(cursorOf(...runs), 1, 9, 1), 7);
  const cursor = cursorOf(...runs, 99);
  walkRuns(cursor, 1, 13);
  assertEquals(cursor.byte(), 99);
  assertEquals(walkRuns(cursorOf(3 << 1, 0x34, 0x12), 13, 3, 0x1234), 3);
  for (
    const [bytes, width, count, message] of [
      [runs, 1, 14 + 8, "the end of a page"],
      [[0xfe, 0xff, 0xff, 0xff, 0x0f, 1], 1, 9, "a run of 2147483647 values where 9 are left"],
      [[0xff, 0xff, 0xff, 0xff, 0x0f], 0, 9, "a run of 17179869176 values where 521 are left"],
      [[0xff, 0xff, 0xff, 0xff, 0xff, 1], 1, 9, "a number of more than 32 bits"],
      [[2, 1], 33, 1, "values of 33 bits"],
    ] as [number[], number, number, string][]
  ) assertThrows(() => walkRuns(cursorOf(...bytes), width, count), RangeError, message);
});

Deno.test("parquet deltas: the specification's two examples", () => {
  const values = (count: number, ...bytes: number[]) => {
    const found: number[] = [];
    walkDeltas(cursorOf(...bytes), count, (value) => found.push(value));
    return found;
  };
  const head = [0x80, 1, 4]; // blocks of 128 in 4 parts
  assertEquals(values(5, ...head, 5, 2, 2, 0, 0, 0, 0), [1, 2, 3, 4, 5]);
  const packed = [0b11000000, 0b00111111, 0, 0, 0, 0, 0, 0];
  assertEquals(values(8, ...head, 8, 14, 3, 2, 0, 0, 0, ...packed), [7, 5, 3, 1, 2, 3, 4, 5]);
  assertEquals(values(0, ...head, 0, 0), []);
});

Deno.test("parquet deltas: blocks that make no sense are refused", () => {
  const cases: [number[], string][] = [
    [[0x80, 1, 0, 5, 2], "5 differences in blocks of 128 by 0, of 5 values"],
    [[0, 4, 5, 2], "5 differences in blocks of 0 by 4"],
    [[0x80, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 5, 2], "in blocks of 128 by 4294967295"],
    [[0x80, 1, 4, 6, 2], "6 differences in blocks of 128 by 4, of 5 values"],
    [[0x80, 1, 4, 5, 2, 2, 70, 0, 0, 0], "differences of 70 bits"],
    [[0x80, 1, 4, 5, 2, 2, 8, 0, 0, 0, 1], "the end of a page"],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => walkDeltas(cursorOf(...bytes), 5), RangeError, message);
    assertThrows(() => walkDeltas(cursorOf(...bytes), 5, () => {}), RangeError);
  }
});
