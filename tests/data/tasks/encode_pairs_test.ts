import { assertEquals, assertThrows } from "@std/assert";
import {
  byteTokenizer,
  collectExamples,
  DataError,
  encodeExamples,
  pairEncoder,
  pairIds,
  sourceIds,
  taskBatches,
  trainPairTokenizer,
} from "../../../data/mod.ts";
import { PLACE as place } from "./tokenizers.ts";

const PAIRS = [
  ["I can swim.", "我会游泳。"],
  ["I.", "我。我。我。"],
].map(([source, target]) => ({ source, target, place }));

const { tokenizer } = await trainPairTokenizer(PAIRS, {
  sourceSize: 257,
  minCharacters: 1,
});
const { padId, startId, endId } = pairIds(tokenizer);

Deno.test("pairEncoder: the decoder begins with the start and is asked for the end", () => {
  const { source, tokens, targets } = pairEncoder({ tokenizer, context: 16 }).encode(PAIRS[0]);
  const answer = [...tokenizer.encode("我会游泳。")];
  assertEquals([...source!], [...tokenizer.encode("I can swim."), endId]);
  assertEquals([...source!], [...sourceIds(tokenizer, "I can swim.")]);
  assertEquals([...tokens], [startId, ...answer]);
  assertEquals([...targets], [...answer, endId]);
});

Deno.test("pairEncoder: a long side is an error with its line, or is cut and keeps its end", () => {
  assertThrows(
    () => pairEncoder({ tokenizer, context: 8 }).encode(PAIRS[0]),
    DataError,
    "Cannot use line 3: a side of the pair has 12 tokens, more than the context of 8",
  );
  const encoder = pairEncoder({ tokenizer, context: 4, onLong: "cut" });
  const { source, tokens, targets } = encoder.encode(PAIRS[0]);
  assertEquals([source!.length, source!.at(-1)], [4, endId]);
  assertEquals([tokens.length, targets.at(-1)], [4, endId]);
  assertEquals(encoder.report, { examples: 1, tokens: 8, cut: 1 });
});

Deno.test("pairEncoder: a text that spells a special token is text; one without is refused", () => {
  assertEquals(sourceIds(tokenizer, "</s>").length, 5);
  assertThrows(
    () => pairEncoder({ tokenizer: byteTokenizer(), context: 8 }),
    RangeError,
    "Cannot encode pairs: the tokenizer has no token <pad>; make one with trainPairTokenizer",
  );
});

Deno.test("taskBatches: of pairs have both sides, in the shortest rows that hold the longer one", async () => {
  const encoder = pairEncoder({ tokenizer, context: 16 });
  const examples = ReadableStream.from(PAIRS).pipeThrough(encodeExamples(encoder));
  const options = { batchSize: 3, context: 16, order: "sequential", seed: 1 } as const;
  const set = await collectExamples(examples);
  const [{ T, tokens, source, lengths }] = await Array.fromAsync(
    taskBatches(set, { ...options, epochs: 1, padId, lengths: [4, 12] }),
  );
  assertEquals([T, set.longest], [12, 12]);
  assertEquals([...lengths], [6, 7, 0]);
  assertEquals([...source!.lengths], [12, 3, 0]);
  const second = [...sourceIds(tokenizer, "I."), ...new Array(9).fill(padId)];
  assertEquals([...source!.tokens.subarray(12, 24)], second);
  assertEquals(tokens[12], startId);
});
