import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  countTaskBatches,
  type Example,
  ExampleSet,
  type TaskBatch,
  taskBatches,
  type TaskBatchesOptions,
} from "../../../data/mod.ts";

/** A set whose examples have these lengths; token t of example i is 100·i + t. */
function setOf(lengths: number[], more: (i: number) => Partial<Example> = () => ({})): ExampleSet {
  const set = new ExampleSet();
  lengths.forEach((length, i) => {
    const tokens = Uint32Array.from({ length }, (_, t) => 100 * i + t);
    const targets = Int32Array.from(tokens, (_, t) => t === length - 1 ? i : -1);
    set.add({ tokens, targets, place: { path: "a", line: i + 1, offset: 0 }, ...more(i) });
  });
  return set;
}

const lengths = Array.from({ length: 103 }, (_, i) => 1 + (i * 37) % 60);
const options = { batchSize: 8, context: 64, order: "shuffled", seed: 5 } as const;
const collect = (set: ExampleSet, more: Partial<TaskBatchesOptions> = {}) =>
  Array.fromAsync(taskBatches(set, { ...options, epochs: 1, ...more }));

Deno.test("taskBatches: an epoch has every example once, each in the shortest length that holds it", async () => {
  const batches = await collect(setOf(lengths), { padId: 9999 });
  const rows = batches.flatMap(({ rows }) => [...rows]).filter((row) => row >= 0);
  assertEquals(rows.toSorted((a, b) => a - b), lengths.map((_, i) => i));
  for (const { B, T, tokens, targets, weights, rows, lengths: own } of batches) {
    assertEquals([B, tokens.length], [8, 8 * T]);
    rows.forEach((row, b) => {
      const length = row < 0 ? 0 : lengths[row];
      assertEquals(own[b], length);
      assert(length <= T && (length === 0 || T === 16 || length > T / 2));
      for (let t = 0; t < T; t++) {
        const at = b * T + t;
        assertEquals(tokens[at], t < length ? 100 * row + t : 9999);
        assertEquals(targets[at], t === length - 1 ? row : -1);
        assertEquals(weights![at], t === length - 1 ? 1 : 0);
      }
    });
  }
  assertEquals(batches.map(({ index }) => index), batches.map((_, i) => i));
});

Deno.test("taskBatches: the order is one of seed and epoch, and goes on from any batch", async () => {
  const set = setOf(lengths);
  const key = (batches: TaskBatch[]) => batches.map(({ T, rows }) => [T, ...rows]);
  const all = await collect(set, { epochs: 3 });
  assertEquals(key(await collect(set, { epochs: 3 })), key(all));
  assertEquals(key(await collect(set, { epochs: 3, start: 20 })), key(all.slice(20)));
  const { batches } = countTaskBatches(set, options);
  const epoch = (n: number) => key(all.slice(n * batches, (n + 1) * batches));
  assert(JSON.stringify(epoch(0)) !== JSON.stringify(epoch(1)));
  assert(JSON.stringify(key(await collect(set, { seed: 6 }))) !== JSON.stringify(epoch(0)));
  const rows = (await collect(set, { order: "sequential", lengths: [64] })).flatMap((
    b,
  ) => [...b.rows]);
  assertEquals(rows.filter((row) => row >= 0), lengths.map((_, i) => i));
});

Deno.test("taskBatches: weights of examples, and labels where a text may have several", async () => {
  const [weighed] = await collect(setOf([2, 3], (i) => ({ weight: 2 + i })), {
    order: "sequential",
  });
  assertEquals([weighed.weights![1], weighed.weights![16 + 2]], [2, 3]);
  const several = setOf([2, 3], (i) => ({ labels: i === 0 ? [0, 2] : [] }));
  const [labelled] = await collect(several, { order: "sequential", classes: 3, batchSize: 2 });
  assertEquals([...labelled.labels!], [1, 0, 1, 0, 0, 0]);
  assertEquals([labelled.weights![1], labelled.weights![16 + 2]], [1, 1]);
  assertThrows(
    () => taskBatches(several, options),
    RangeError,
    "classes must be a whole number of at least 1, got 0",
  );
});

Deno.test("countTaskBatches: shapes and the share of padding", () => {
  assertEquals(countTaskBatches(setOf([16, 16, 32, 64]), { ...options, batchSize: 2 }), {
    batches: 3,
    padding: 1 - 128 / (2 * 112),
    shapes: [{ T: 16, batches: 1 }, { T: 32, batches: 1 }, { T: 64, batches: 1 }],
  });
});

Deno.test("taskBatches: options out of range are named", () => {
  const set = setOf([10]);
  const cases: [ExampleSet, Partial<TaskBatchesOptions>, string][] = [
    [set, { batchSize: 0 }, "batchSize must be a whole number of at least 1, got 0"],
    [set, { seed: -1 }, "seed must be a whole number of at least 0"],
    [set, { start: 0.5 }, "start must be"],
    [set, { epochs: 0 }, "epochs must be"],
    [set, { context: 0 }, "context must be"],
    [set, { order: "random" as "shuffled" }, "order must be shuffled or sequential, got random"],
    [set, { lengths: [8, 8] }, "lengths must be whole numbers that rise, got 8, 8"],
    [set, { lengths: [8] }, "an example has 10 tokens, more than the longest row of 8"],
    [setOf([]), {}, "wanted at least one example, got none"],
  ];
  for (const [examples, more, message] of cases) {
    assertThrows(() => taskBatches(examples, { ...options, ...more }), RangeError, message);
  }
});
