import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Batch, batches, type BatchesOptions, evaluationBatches } from "../../../data/mod.ts";

/** Tokens that tell their own place: token i is i. */
function numbered(n: number): Uint32Array {
  return new Uint32Array(n).map((_, i) => i);
}

async function take(stream: ReadableStream<Batch>, count: number): Promise<Batch[]> {
  const taken: Batch[] = [];
  if (count === 0) return taken;
  for await (const batch of stream) {
    taken.push(batch);
    if (taken.length === count) break;
  }
  return taken;
}

/** The rows of batches of `numbered` tokens; checks that each row is whole. */
function rowsOf(taken: Batch[]): number[] {
  return taken.flatMap(({ B, T, tokens, targets }) =>
    Array.from({ length: B }, (_, i) => {
      const first = tokens[i * T];
      for (let t = 0; t < T; t++) {
        assertEquals([tokens[i * T + t], targets[i * T + t]], [first + t, first + t + 1]);
      }
      assertEquals(first % T, 0);
      return first / T;
    })
  );
}

Deno.test("batches: in order, rows follow each other and a short last batch is left out", async () => {
  // 42 tokens: rows 0 to 9 of 4 tokens and a target, and a token that is left over.
  const options = { batchSize: 3, context: 4, order: "sequential", seed: 0 } as const;
  const taken = await take(batches(numbered(42), options), 5);
  assertEquals(taken.map((batch) => batch.index), [0, 1, 2, 3, 4]);
  assertEquals(rowsOf(taken), [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5]);
});

Deno.test("batches: shuffled, each epoch visits each row once, in another order", async () => {
  const rows = 10;
  const options = { batchSize: 4, context: 3, order: "shuffled", seed: 7 } as const;
  const visited = rowsOf(await take(batches(numbered(rows * 3 + 2), options), 10));
  const epochs = [0, 1, 2, 3].map((epoch) => visited.slice(epoch * rows, (epoch + 1) * rows));
  for (const epoch of epochs) assertEquals(epoch.toSorted((a, b) => a - b), [...numbered(rows)]);
  assertEquals(new Set(epochs.map(String)).size, 4);
});

Deno.test("batches: a batch larger than an epoch goes on into the next ones", async () => {
  const options = { batchSize: 8, context: 2, order: "shuffled", seed: 1 } as const;
  const visited = rowsOf(await take(batches(numbered(7), options), 3));
  for (let i = 0; i < 24; i += 3) assertEquals(visited.slice(i, i + 3).toSorted(), [0, 1, 2]);
});

Deno.test("batches: a stream begun at any batch gives the same batches", async () => {
  for (const order of ["shuffled", "sequential"] as const) {
    const options: BatchesOptions = { batchSize: 3, context: 2, order, seed: 11 };
    const whole = await take(batches(numbered(24), options), 20);
    for (const start of [1, 5, 19]) {
      const rest = await take(batches(numbered(24), { ...options, start }), 20 - start);
      assertEquals(rest, whole.slice(start));
    }
    const far = await take(batches(numbered(24), { ...options, start: 1e12 }), 1);
    assertEquals([far[0].index, rowsOf(far).length], [1e12, 3]);
  }
});

Deno.test("batches: works on 16-bit tokens and on the smallest text", async () => {
  const options = { batchSize: 1, context: 2, order: "shuffled", seed: 0 } as const;
  const [batch] = await take(batches(Uint16Array.of(7, 65_535, 9), options), 1);
  assertEquals(batch, {
    index: 0,
    B: 1,
    T: 2,
    tokens: Uint32Array.of(7, 65_535),
    targets: Int32Array.of(65_535, 9),
  });
});

Deno.test("batches: makes none ahead but one, and ends when it is cancelled", async () => {
  const tokens = numbered(100);
  let reads = 0;
  const subarray = tokens.subarray.bind(tokens);
  tokens.subarray = (...range) => (reads++, subarray(...range));
  const options = { batchSize: 1, context: 4, order: "sequential", seed: 0 } as const;
  const reader = batches(tokens, options).getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert(reads <= 4, `${reads} reads for two batches`); // a row and its targets each
  await reader.cancel();
  assert((await reader.read()).done);
});

Deno.test("batches: says what is wrong with the options or the text", () => {
  const options: BatchesOptions = { batchSize: 4, context: 8, order: "sequential", seed: 0 };
  const cases: [number, Partial<BatchesOptions>, string][] = [
    [8, {}, "a row of 9 tokens (context 8 and the one that follows): the text has only 8"],
    [0, {}, "the text has only 0"],
    [32, {}, "a sequential batch of 4 rows of 9 tokens: the text has only 3 rows"],
    [99, { batchSize: 0 }, "batchSize must be a whole number of at least 1, got 0"],
    [99, { context: 1.5 }, "context must be a whole number of at least 1, got 1.5"],
    [99, { seed: -1 }, "seed must be a whole number of at least 0, got -1"],
    [99, { start: NaN }, "start must be a whole number of at least 0, got NaN"],
    [99, { order: "random" as "shuffled" }, "order must be shuffled or sequential, got random"],
  ];
  for (const [n, change, message] of cases) {
    assertThrows(() => batches(numbered(n), { ...options, ...change }), RangeError, message);
  }
});

Deno.test("evaluationBatches: each token but the first is a target once", async () => {
  for (const n of [2, 3, 8, 9, 10, 24, 25, 26, 100]) {
    for (const [batchSize, context] of [[1, 1], [3, 8], [2, 100]]) {
      const taken = await Array.fromAsync(evaluationBatches(numbered(n), { batchSize, context }));
      const targets: number[] = [];
      taken.forEach((batch, b) => {
        assertEquals([batch.index, batch.B, batch.T], [b, batchSize, context]);
        batch.targets.forEach((target, i) => {
          assertEquals(batch.tokens[i], target === -1 ? 0 : target - 1);
          if (target !== -1) targets.push(target);
        });
      });
      assertEquals(targets, [...numbered(n)].slice(1));
      assertEquals(taken.length, Math.ceil(Math.ceil((n - 1) / context) / batchSize));
    }
  }
});

Deno.test("evaluationBatches: tokens that come in parts give the same batches", async () => {
  const options = { batchSize: 2, context: 4 };
  const whole = await Array.fromAsync(evaluationBatches(numbered(50), options));
  for (const size of [1, 7, 8, 49]) {
    const parts = () =>
      ReadableStream.from(
        Array.from({ length: Math.ceil(50 / size) }, (_, i) => [
          numbered(50).subarray(size * i, size * (i + 1)),
          new Uint32Array(0),
        ]).flat(),
      );
    assertEquals(await Array.fromAsync(evaluationBatches(parts(), options)), whole);
    const some = await take(evaluationBatches(parts(), { ...options, limit: 3 }), 9);
    assertEquals(some, whole.slice(0, 3));
  }
  const none = ReadableStream.from([numbered(1)]);
  await assertRejects(
    () => Array.fromAsync(evaluationBatches(none, options)),
    RangeError,
    "wanted at least 2 tokens, one and its target, got 1",
  );
});

Deno.test("evaluationBatches: stops at its limit and refuses what it can't do", async () => {
  const options = { batchSize: 2, context: 4 };
  const all = await Array.fromAsync(evaluationBatches(numbered(50), options));
  const some = await Array.fromAsync(evaluationBatches(numbered(50), { ...options, limit: 3 }));
  assertEquals(some, all.slice(0, 3));
  const many = await Array.fromAsync(evaluationBatches(numbered(50), { ...options, limit: 99 }));
  assertEquals(many, all);
  assertThrows(() => evaluationBatches(numbered(1), options), RangeError, "at least 2 tokens");
  const none = { ...options, limit: 0 };
  assertThrows(() => evaluationBatches(numbered(50), none), RangeError, "limit must be");
});
