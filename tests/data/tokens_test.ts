import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import {
  byteTokenizer,
  charTokenizer,
  collectTokens,
  encodeStream,
  parseTokenizer,
  readText,
  splitTokens,
  type Tokenizer,
  trainCharTokenizer,
} from "../../data/mod.ts";
import { TextCutter, type TextPart } from "../../data/tokens.ts";
import { trainBpe } from "../../data/tokenizers/mod.ts";
import { testTransform } from "./contract.ts";

const SHAKESPEARE = fromFileUrl(
  new URL("../../../shared/data/tinyshakespeare.txt", import.meta.url),
) as string;

async function encode(tokenizer: Tokenizer, chunks: Iterable<string>): Promise<number[]> {
  const stream = ReadableStream.from(chunks).pipeThrough(encodeStream(tokenizer));
  return (await Array.fromAsync(stream)).flatMap((ids) => [...ids]);
}

Deno.test("encodeStream: gives the same ids however the text is cut", async () => {
  const text = "a😀b诗é👩‍👩‍👧\n";
  for (const tokenizer of [byteTokenizer(), charTokenizer(text)]) {
    const ids = [...tokenizer.encode(text)];
    for (let size = 1; size <= text.length; size++) {
      const chunks = [];
      for (let i = 0; i < text.length; i += size) chunks.push(text.slice(i, i + size), "");
      assertEquals(await encode(tokenizer, chunks), ids);
    }
    assertEquals(await encode(tokenizer, []), []);
  }
});

const TEXT = ["It's a word", " 12345 don", "'t\r\n", " \n  x 春眠不觉晓，处处", "é😀", "<|end|>"];
const trained = await trainBpe(ReadableStream.from([TEXT.join("").repeat(3)]), {
  ...{ vocabularySize: 300, pattern: "llama3", minFrequency: 1 },
  specialTokens: ["<|end|>", "<|end|>\n"],
});
const long = TEXT.join("").repeat(400);

testTransform("encodeStream: a byte-level BPE", {
  make: () => encodeStream(parseTokenizer(trained.json, "t.json")),
  cases: [
    {
      label: "short",
      input: TEXT,
      output: [parseTokenizer(trained.json, "t").encode(TEXT.join(""))],
    },
    { label: "long", input: [long], output: [parseTokenizer(trained.json, "t").encode(long)] },
  ],
  *split(input) {
    const text = input.join("");
    for (const size of text.length < 1000 ? [1, 2, 3, 5, 7, 64] : [1, 997, 5000, 8191]) {
      yield Array.from(
        { length: Math.ceil(text.length / size) },
        (_, i) => text.slice(size * i, size * (i + 1)),
      );
    }
  },
  join: (output) => output.flatMap((ids) => [...ids]),
});

Deno.test("encodeStream: gives ids of a byte-level BPE before the text has ended", async () => {
  const tokenizer = parseTokenizer(trained.json, "t.json");
  const chunks = Array.from({ length: 10 }, () => long.slice(0, 5000));
  const parts = await Array.fromAsync(
    ReadableStream.from(chunks).pipeThrough(encodeStream(tokenizer)),
  );
  assert(parts.length >= 5, `${parts.length} parts`);
});

Deno.test("encodeStream: tells the place in the whole text of an unknown character", async () => {
  const tokenizer = charTokenizer("ab😀");
  const chunks = ["ab", "a\ud83d", "\ude00", "bc"];
  await assertRejects(() => encode(tokenizer, chunks), RangeError, 'U+0063 ("c") at index 6');
  await assertRejects(() => encode(tokenizer, ["a", "\ud83d"]), RangeError, "U+D83D");
});

Deno.test("encodeStream: cancelling it cancels its source", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  const source = new ReadableStream<string>({
    pull: (controller) => controller.enqueue("text"),
    cancel: cancelled.resolve,
  });
  const reader = source.pipeThrough(encodeStream(byteTokenizer())).getReader();
  assertEquals((await reader.read()).value?.length, 4);
  await reader.cancel("enough");
  assertEquals(await cancelled.promise, "enough");
});

Deno.test("TextCutter: without borders it cuts behind a line, the same however the text comes", () => {
  const tokenizer = { ...byteTokenizer(), border: () => 0 };
  const text = "one\ntwo\nthree four five\nsix😀seven\n";
  const parts = (size: number) => {
    const cutter = new TextCutter(tokenizer, { index: 5, most: 10 });
    const found: (TextPart | undefined)[] = [];
    for (let i = 0; i < text.length; i += size) found.push(cutter.add(text.slice(i, i + size)));
    return [...found, cutter.end()].filter((part) => part !== undefined);
  };
  const whole = parts(1);
  assertEquals(whole.map(({ text }) => text), [
    "one\ntwo\n",
    "three four",
    " five\n",
    "six😀seven",
    "\n",
  ]);
  assertEquals(whole.map(({ index }) => index), [5, 13, 23, 29, 39]);
  for (const size of [2, 3, 5]) assertEquals(parts(size), whole);
  assertEquals(new TextCutter(tokenizer).add(text), undefined);
});

Deno.test("collectTokens: joins the ids in the smallest type for the vocabulary", async () => {
  const long = new Uint32Array(1_500_000).map((_, i) => i % 65_536);
  const parts = [long.subarray(0, 1), new Uint32Array(0), long.subarray(1, 900_001)];
  const stream = () => ReadableStream.from([...parts, long.subarray(900_001)]);
  const short = await collectTokens(stream(), { vocabularySize: 65_536 });
  assert(short instanceof Uint16Array);
  assertEquals(short.length, long.length);
  assert(short.every((id, i) => id === long[i]));
  const wide = await collectTokens(stream(), { vocabularySize: 65_537 });
  assert(wide instanceof Uint32Array);
  assert(wide.every((id, i) => id === long[i]));
  const none = await collectTokens(ReadableStream.from([]), { vocabularySize: 5 });
  assertEquals(none.length, 0);
});

Deno.test("collectTokens: refuses an id outside the vocabulary", async () => {
  const stream = ReadableStream.from([Uint32Array.of(1, 2), Uint32Array.of(3, 300)]);
  await assertRejects(
    () => collectTokens(stream, { vocabularySize: 256 }),
    RangeError,
    "below the vocabulary size 256, got 300 as token 3",
  );
});

Deno.test("splitTokens: the tail validates", () => {
  const cases: [number, number, number][] = [
    [1_115_394, 0.1, 1_003_854],
    [10, 0.9, 1],
    [100, 0.07, 93],
    [100, 0.93, 7],
    [10, 0, 10],
    [7, 0.5, 3],
    [1, 0.1, 0],
    [0, 0.1, 0],
  ];
  for (const [n, fraction, border] of cases) {
    const tokens = new Uint32Array(n).map((_, i) => i);
    const { train, validation } = splitTokens(tokens, fraction);
    assertEquals([train.length, validation.length], [border, n - border]);
    assert(train.buffer === tokens.buffer && validation.buffer === tokens.buffer);
    if (border < n) assertEquals(validation[0], border);
  }
  for (const fraction of [-0.1, 1, NaN]) {
    assertThrows(() => splitTokens(new Uint16Array(5), fraction), RangeError, "[0, 1)");
  }
});

Deno.test({
  name: "tiny Shakespeare: 65 characters, split as nanoGPT splits it (needs the text)",
  ignore: !exists(SHAKESPEARE),
  async fn() {
    const tokenizer = await trainCharTokenizer(readText([SHAKESPEARE]));
    const { vocabularySize } = tokenizer;
    assertEquals(vocabularySize, 65);
    const ids = readText([SHAKESPEARE]).pipeThrough(encodeStream(tokenizer));
    const tokens = await collectTokens(ids, { vocabularySize });
    const { train, validation } = splitTokens(tokens, 0.1);
    assertEquals([train.length, validation.length], [1_003_854, 111_540]);
    // The ids that nanoGPT's prepare.py gives "First Citizen".
    assertEquals([...train.subarray(0, 5)], [18, 47, 56, 57, 58]);
    assertEquals(tokenizer.decode(train.subarray(0, 14)), "First Citizen:");
  },
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
