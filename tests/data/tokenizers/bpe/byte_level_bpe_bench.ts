/**
 * How fast text becomes GPT-2's tokens, beside gpt-tokenizer: MB of UTF-8 a second on one core, the
 * best of some rounds, the ids compared first. The last row is a megabyte of one letter beside a
 * megabyte of prose; gpt-tokenizer would take minutes for it.
 *
 *     deno run -R tests/data/tokenizers/bpe/byte_level_bpe_bench.ts
 */
import { assertEquals } from "@std/assert";
import { OPENAI, openTokenizer } from "../openai.ts";

const DATA = new URL("../../../../../shared/data/", import.meta.url);
const ROUNDS = 5;

const [gpt2] = OPENAI;
const tokenizer = await openTokenizer(gpt2);

async function readGzip(name: string): Promise<string> {
  using file = await Deno.open(new URL(name, DATA));
  const text = new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  return await text;
}

async function readPoems(name: string): Promise<string> {
  const poems: { paragraphs: string[] }[] = JSON.parse(await readGzip(name));
  return poems.map(({ paragraphs }) => paragraphs.join("\n")).join("\n\n");
}

/** Bytes of the text over the shortest time, in MB a second. */
function speedOf(text: string, encode: (text: string) => unknown, rounds: number): number {
  let bestMs = Infinity;
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    encode(text);
    bestMs = Math.min(bestMs, performance.now() - start);
  }
  return new TextEncoder().encode(text).length / bestMs / 1000;
}

const shakespeare = await Deno.readTextFile(new URL("tinyshakespeare.txt", DATA));
const texts: [name: string, text: string][] = [
  ["Shakespeare", shakespeare],
  ["WikiText-2", await readGzip("wikitext-2/train.txt.gz")],
  [
    "Tang poems",
    await readPoems("chinese-poetry/poet.tang.0.json.gz") +
    await readPoems("chinese-poetry/poet.tang.1000.json.gz"),
  ],
];
const figures: Record<string, { mbPerSecond: number; ratio: number }> = {};
console.log("text             ours first   ours  gpt-tokenizer  ratio   (MB/s)");
for (const [name, text] of texts) {
  const first = speedOf(text, tokenizer.encode, 1);
  assertEquals([...tokenizer.encode(text)], gpt2.encode(text));
  const ours = speedOf(text, tokenizer.encode, ROUNDS);
  const theirs = speedOf(text, gpt2.encode, 2);
  figures[name] = { mbPerSecond: ours, ratio: ours / theirs };
  console.log(
    name.padEnd(16) + first.toFixed(1).padStart(11) + ours.toFixed(1).padStart(7) +
      theirs.toFixed(1).padStart(15) + (ours / theirs).toFixed(1).padStart(7),
  );
}
const prose = speedOf(shakespeare.slice(0, 1e6), tokenizer.encode, ROUNDS);
const letter = speedOf("a".repeat(1e6), tokenizer.encode, ROUNDS);
console.log(`a megabyte of "a" takes ${(prose / letter).toFixed(1)} times a megabyte of prose`);
console.log(JSON.stringify({ bench: "encode", figures, wantedRatio: 5, letter: prose / letter }));
