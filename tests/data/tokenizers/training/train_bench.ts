/**
 * How long it takes to learn 32,768 tokens from 100 MB of text with more than a million different
 * pre-tokens: seconds and the highest use of memory.
 *
 *     deno run -R -W tests/data/tokenizers/training/train_bench.ts [--bytes 100e6]
 */
import { assert } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { trainBpe } from "../../../../data/tokenizers/training/mod.ts";
import { syntheticDocuments } from "../../synthetic_text.ts";

const { bytes } = parseArgs(Deno.args, { default: { bytes: 100e6 } });
// The text is made first, so that the time is the training's alone.
const texts = await Array.fromAsync(syntheticDocuments({ bytes: Number(bytes) }));
let rss = 0;
let countedAt = 0;
const start = performance.now();
const { preTokens, vocabularySize, characters } = await trainBpe(ReadableStream.from(texts), {
  vocabularySize: 32_768,
  onProgress({ phase }) {
    rss = Math.max(rss, Deno.memoryUsage().rss);
    if (phase === "count") countedAt = performance.now();
  },
});
const end = performance.now();
assert(Number(bytes) < 100e6 || preTokens >= 1e6, `only ${preTokens} different pre-tokens`);
const seconds = (ms: number) => (ms / 1000).toFixed(1);
console.log(
  `${
    (characters / 1e6).toFixed(0)
  } MB, ${preTokens} different pre-tokens, ${vocabularySize} tokens:`,
  `${seconds(end - start)} s (counting ${seconds(countedAt - start)}, merging ${
    seconds(end - countedAt)
  }), memory ${(rss / 1e6).toFixed(0)} MB`,
);
console.log(
  JSON.stringify({
    bench: "train BPE",
    bytes: Number(bytes),
    seconds: (end - start) / 1000,
    wanted: 60,
  }),
);
