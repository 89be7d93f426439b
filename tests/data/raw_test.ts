import { assert, assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../data/errors.ts";
import { documentEncoder, shardBatches, tokenSet } from "../../data/loader/mod.ts";
import {
  findRawSource,
  openRawSet,
  type RawReading,
  type RawSet,
  type RawSource,
  readRawTexts,
  readRawTokens,
} from "../../data/raw/mod.ts";
import type { ShardSet } from "../../data/shards/mod.ts";
import {
  byteTokenizer,
  parseTokenizer,
  type Tokenizer,
  trainBpe,
} from "../../data/tokenizers/mod.ts";
import { collectTokens } from "../../data/tokens.ts";
import { randomNumbers, randomStrings } from "./tokenizers/random_text.ts";
import { take } from "./loader/memory_set.ts";

const CONTEXT = 16;

/** Some 30 kB of words in lines, of which no two files have the same. */
function someText(seed: number): string {
  const random = randomNumbers(seed);
  const words = [...randomStrings(200, 3)].map((text) => text.toWellFormed().trim() + "e");
  return Array.from(
    { length: 3000 },
    () => words[Math.floor(200 * random())] + (random() < 0.1 ? "\n" : " "),
  ).join("");
}

const { json } = await trainBpe(ReadableStream.from([someText(9)]), {
  vocabularySize: 400,
  specialTokens: ["<|endoftext|>"],
});
const bpe = () => parseTokenizer(json, "t.json");

/** A folder with two texts and two files of documents, one of them compressed. */
async function inCorpus(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.txt`, someText(1).slice(0, -1) + "wor");
    await Deno.writeTextFile(`${folder}/b.txt`, "d" + someText(2));
    for (const [seed, name] of [[1, "a.jsonl"], [2, "b.jsonl.gz"]] as const) {
      const lines = someText(seed).split("\n");
      const jsonl = new Blob([lines.map((body) => JSON.stringify({ body }) + "\n").join("")]);
      const bytes = name.endsWith(".gz")
        ? jsonl.stream().pipeThrough(new CompressionStream("gzip"))
        : jsonl.stream();
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const texts = (folder: string): RawReading => ({
  sources: [`${folder}/*.txt`],
  documents: false,
});
const documents = (folder: string): RawReading => ({
  sources: [`${folder}/a.jsonl`, `${folder}/b.jsonl.gz`],
  documents: true,
  textField: "body",
});

async function idsOf(source: RawSource, tokenizer: Tokenizer): Promise<number[]> {
  const parts = await Array.fromAsync(readRawTokens(source, tokenizer));
  return parts.flatMap(({ ids }) => [...ids]);
}

Deno.test("readRawTokens: texts are joined, documents are parted by end-of-text", () =>
  inCorpus(async (folder) => {
    const tokenizer = bpe();
    const joined = await Deno.readTextFile(`${folder}/a.txt`) +
      await Deno.readTextFile(`${folder}/b.txt`);
    assertEquals(
      await idsOf(await findRawSource(texts(folder)), tokenizer),
      [...tokenizer.encode(joined)],
    );
    const lines = [...someText(1).split("\n"), ...someText(2).split("\n")];
    const encode = documentEncoder(tokenizer);
    assertEquals(
      await idsOf(await findRawSource(documents(folder)), tokenizer),
      lines.flatMap((line) => [...encode(line)]),
    );
  }));

Deno.test("readRawTokens: taken up anywhere, it gives the rest", () =>
  inCorpus(async (folder) => {
    for (const reading of [texts(folder), documents(folder)]) {
      for (const tokenizer of [bpe(), byteTokenizer()]) {
        const source = await findRawSource(reading);
        const parts = await Array.fromAsync(readRawTokens(source, tokenizer));
        const ids = parts.flatMap(({ ids }) => [...ids]);
        let done = 0;
        const step = Math.ceil(parts.length / 5);
        for (const [i, part] of parts.entries()) {
          done += part.ids.length;
          if (i % step > 0 && i + 1 < parts.length) continue;
          const rest = await Array.fromAsync(
            readRawTokens(source, tokenizer, { from: part.position }),
          );
          assertEquals(rest.flatMap(({ ids }) => [...ids]), ids.slice(done));
        }
      }
    }
  }));

Deno.test("readRawTokens: plain texts among documents are each a text, however long", () =>
  inCorpus(async (folder) => {
    await Deno.mkdir(`${folder}/all/in`, { recursive: true });
    await Deno.rename(`${folder}/a.txt`, `${folder}/all/1.txt`);
    await Deno.writeTextFile(`${folder}/all/2.md`, "");
    await Deno.rename(`${folder}/b.txt`, `${folder}/all/in/3.txt`);
    await Deno.writeTextFile(`${folder}/all/in/4.csv`, "id,text\n1,a b\n2,c d\n");
    const tokenizer = bpe();
    const encode = documentEncoder(tokenizer);
    const source = await findRawSource({ sources: [`${folder}/all`], documents: true });
    const expected = [
      await Deno.readTextFile(`${folder}/all/1.txt`),
      await Deno.readTextFile(`${folder}/all/in/3.txt`),
      ...["a b", "c d"],
    ];
    const parts = await Array.fromAsync(readRawTokens(source, tokenizer));
    const ids = parts.flatMap(({ ids }) => [...ids]);
    assertEquals(ids, expected.flatMap((text) => [...encode(text)]));
    let done = 0;
    for (const { ids: some, position } of parts) {
      done += some.length;
      const rest = await Array.fromAsync(readRawTokens(source, tokenizer, { from: position }));
      assertEquals(rest.flatMap(({ ids }) => [...ids]), ids.slice(done));
    }
    const read = (await Array.fromAsync(readRawTexts(source))).join("");
    assertEquals(read, expected.join(""));
  }));

Deno.test("readRawTokens: tells the hash of each file that it has read", () =>
  inCorpus(async (folder) => {
    for (const reading of [texts(folder), documents(folder)]) {
      const source = await findRawSource(reading);
      const found: [string, string][] = [];
      const onFile = (...file: [string, string]) => void found.push(file);
      await Array.fromAsync(readRawTokens(source, byteTokenizer(), { onFile }));
      const expected = await Promise.all(source.files.map(async ({ path }) => [
        path,
        new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path))).toHex(),
      ]));
      assertEquals(found, expected);
    }
  }));

Deno.test("readRawTokens: a file that has become shorter since is an error with its path", () =>
  inCorpus(async (folder) => {
    const cases: [RawReading, RegExp][] = [
      [texts(folder), /wanted the 9000000 characters read before, got \d+; .* at .*a\.txt:\d+$/],
      [documents(folder), /wanted the 9000000 documents read before, got \d+; .*a\.jsonl:\d+$/],
    ];
    for (const [reading, says] of cases) {
      const source = await findRawSource(reading);
      const from = { file: 0, done: 9e6, index: 9e6 };
      const error = await assertRejects(
        () => Array.fromAsync(readRawTokens(source, bpe(), { from })),
        DataError,
      );
      assert(says.test(error.message), error.message);
    }
  }));

/** Opens a raw set with small shards, kept in a folder of the corpus. */
async function open(
  folder: string,
  reading: RawReading,
  tokenizer: Tokenizer = bpe(),
): Promise<RawSet> {
  const source = await findRawSource(reading);
  const options = { path: "corpus", context: CONTEXT, shardTokens: 2000 };
  return await openRawSet({ ...source, ...options, tokenizer, folder: `${folder}/tokens` });
}

/** All rows of a set, in its own order. */
async function rowsOf(set: ShardSet): Promise<number[][]> {
  const rows: number[][] = [];
  for (let i = 0; i < set.shards.length; i++) {
    const shard = await set.read(i);
    assertEquals(shard.rows, set.shards[i].rows);
    for (let row = 0; row < shard.rows; row++) rows.push([...shard.row(row).tokens]);
  }
  return rows;
}

Deno.test("openRawSet: its rows are those of all tokens in memory, and are there at once again", () =>
  inCorpus(async (folder) => {
    for (const [i, reading] of [texts(folder), documents(folder)].entries()) {
      const tokenizer = bpe();
      using set = await open(`${folder}/${i}`, reading, tokenizer);
      assertEquals([set.rows, set.shards.length], [Infinity, 0]);
      await set.until(Infinity);
      const source = await findRawSource(reading);
      const ids = ReadableStream.from([Uint32Array.from(await idsOf(source, tokenizer))]);
      const tokens = await collectTokens(ids, tokenizer);
      const expected = await rowsOf(tokenSet(tokens, { context: CONTEXT, path: "corpus" }));
      assertEquals(await rowsOf(set), expected);
      assertEquals(set.rows, expected.length);
      assert(set.shards.length > 5, `${set.shards.length} shards`);
      using again = await open(`${folder}/${i}`, reading, tokenizer);
      assertEquals([again.rows, again.sha256], [set.rows, set.sha256]);
      assertEquals(await rowsOf(again), expected);
    }
  }));

Deno.test("openRawSet: ended at any moment, it goes on to the same tokens", () =>
  inCorpus(async (folder) => {
    const reading = documents(folder);
    using whole = await open(`${folder}/whole`, reading);
    await whole.until(Infinity);
    const random = randomNumbers(4);
    for (let done = 0; done < Infinity;) {
      using set = await open(`${folder}/ended`, reading);
      assert(set.shards.length >= done, `${set.shards.length} shards after ${done}`);
      const wanted = set.until(done + 1 + Math.floor(6 * random()));
      if (random() < 0.5) await wanted;
      else await new Promise((resolve) => setTimeout(resolve, 400 * random()));
      wanted.catch(() => {});
      done = set.rows < Infinity ? Infinity : set.shards.length;
    }
    using set = await open(`${folder}/ended`, reading);
    assertEquals(await rowsOf(set), await rowsOf(whole));
    const content = (name: string) => Deno.readFile(`${folder}/${name}/tokens/tokens`);
    assertEquals(await content("ended"), await content("whole"));
  }));

Deno.test("openRawSet: makes no more than is wanted", () =>
  inCorpus(async (folder) => {
    using set = await open(folder, documents(folder));
    await set.until(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(set.shards.length, 2);
    await assertRejects(
      () => set.read(1000),
      RangeError,
      "Cannot read shard 1000 of corpus: it has",
    );
  }));

Deno.test("openRawSet: batches are the same while it is made, resumed and made", () =>
  inCorpus(async (folder) => {
    const batches = async (place: string, start: number, count: number) => {
      using set = await open(`${folder}/${place}`, documents(folder));
      const options = { batchSize: 32, seed: 3, shuffleBlocks: 2, start };
      return await take(shardBatches([{ set }], options).readable, count);
    };
    const whole = await batches("whole", 0, 150);
    assertEquals(await batches("parts", 0, 20), whole.slice(0, 20));
    assertEquals(await batches("parts", 20, 130), whole.slice(20));
    assertEquals(await batches("parts", 149, 1), whole.slice(149));
    assertEquals(await batches("late", 70, 5), whole.slice(70, 75));
  }));

Deno.test("openRawSet: another tokenizer, context or corpus is another set", () =>
  inCorpus(async (folder) => {
    using set = await open(folder, texts(folder));
    await set.until(3);
    const { sha256 } = set;
    using other = await open(folder, texts(folder), byteTokenizer());
    assert(other.sha256 !== sha256);
    assertEquals(other.shards.length, 0);
    await other.until(1);
    assertEquals((await other.read(0)).row(0).tokens.length, CONTEXT + 1);
    const first = new TextEncoder().encode(await Deno.readTextFile(`${folder}/a.txt`));
    assertEquals([...(await other.read(0)).row(0).tokens], [...first.subarray(0, CONTEXT + 1)]);
  }));

Deno.test("openRawSet: what is wrong with the sources comes out where it is reached", () =>
  inCorpus(async (folder) => {
    const gzip = await Deno.readFile(`${folder}/b.jsonl.gz`);
    await Deno.writeFile(`${folder}/b.jsonl.gz`, gzip.subarray(0, gzip.length >> 1));
    using cut = await open(`${folder}/1`, documents(folder));
    await cut.until(2);
    const error = await assertRejects(() => cut.until(Infinity), DataError);
    assertEquals(error.path, `${folder}/b.jsonl.gz`);
    assert(error.byteOffset > 0 && error.message.endsWith(`gz:${error.byteOffset}`), error.message);
    assertEquals((await cut.read(1)).rows, cut.shards[1].rows);

    const source = await findRawSource(texts(folder));
    await Deno.writeTextFile(`${folder}/b.txt`, "another text");
    const options = { ...source, path: "corpus", tokenizer: bpe(), folder: `${folder}/2` };
    using changed = await openRawSet({ ...options, context: CONTEXT });
    await assertRejects(
      () => changed.until(1),
      DataError,
      `Cannot read the sources: a file changed since they were looked up; start again when they ` +
        `are at rest, at ${folder}/b.txt:0`,
    );
    for (const bad of [{ context: 0 }, { context: 8, shardTokens: 0.5 }]) {
      await assertRejects(
        () => openRawSet({ ...options, ...bad }),
        RangeError,
        "must be a whole number of at least 1, got 0",
      );
    }
  }));

Deno.test("openRawSet: a character that the vocabulary lacks is named", () =>
  inCorpus(async (folder) => {
    const model = { type: "BPE", vocab: { a: 0, b: 1 }, merges: [] };
    using set = await open(folder, texts(folder), parseTokenizer({ model }, "t.json"));
    await assertRejects(() => set.until(1), RangeError, "the vocabulary has no token for it");
  }));

Deno.test("openRawSet: other files in its folder stay; where it cannot write, it says so", () =>
  inCorpus(async (folder) => {
    await Deno.mkdir(`${folder}/tokens`);
    await Deno.writeTextFile(`${folder}/tokens/mine.txt`, "mine");
    using set = await open(folder, texts(folder));
    await set.until(1);
    using other = await open(folder, texts(folder), byteTokenizer());
    await other.until(1);
    assertEquals(await Deno.readTextFile(`${folder}/tokens/mine.txt`), "mine");
    await Deno.mkdir(`${folder}/taken/tokens/tokens`, { recursive: true });
    using refused = await open(`${folder}/taken`, texts(folder));
    const error = await assertRejects(() => refused.until(1), Error);
    assert(
      error.message.startsWith(`Cannot keep the tokens of corpus in ${folder}/taken/tokens: `),
      error.message,
    );
  }));

Deno.test("openRawSet: damaged tokens are an error with path and offset", () =>
  inCorpus(async (folder) => {
    using set = await open(folder, texts(folder));
    await set.until(Infinity);
    const path = `${folder}/tokens/tokens`;
    const bytes = await Deno.readFile(path);
    const offset = 2 * set.shards[0].rows * CONTEXT;
    await Deno.writeFile(path, bytes.with(offset + 100, bytes[offset + 100] ^ 1));
    assertEquals((await set.read(0)).rows, set.shards[0].rows);
    const error = await assertRejects(() => set.read(1), DataError, "wanted sha256");
    assertEquals([error.path, error.byteOffset], [path, offset]);
    await Deno.truncate(path, offset + 10);
    await assertRejects(() => set.read(1), DataError, "of 10; remove the folder");
  }));

Deno.test("openRawSet: a damaged block that was begun is an error before it goes on", () =>
  inCorpus(async (folder) => {
    {
      using set = await open(folder, documents(folder));
      await set.until(2);
    }
    const path = `${folder}/tokens/tokens`;
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.with(-2, bytes.at(-2)! ^ 1));
    using set = await open(folder, documents(folder));
    const error = await assertRejects(() => set.until(Infinity), DataError, "wanted sha256");
    const rows = set.shards.reduce((sum, { rows }) => sum + rows, 0);
    assertEquals([error.path, error.byteOffset], [path, 2 * CONTEXT * rows]);
  }));
