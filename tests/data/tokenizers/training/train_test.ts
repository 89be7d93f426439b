import { assertEquals, assertRejects } from "@std/assert";
import { PATTERNS } from "../../../../data/tokenizers/patterns.ts";
import { trainBpe, type TrainBpeOptions } from "../../../../data/tokenizers/training/mod.ts";
import golden from "../../../golden/bpe_training.json" with { type: "json" };

const DATA = new URL("../../../../../shared/data/", import.meta.url);
const CHARACTERS = 200_000;

interface Model {
  vocab: Record<string, number>;
  merges: [string, string][];
}

interface Golden {
  merges: string[];
  lastIds: number;
  firstToken: string;
}

async function train(texts: string[], options: TrainBpeOptions): Promise<Golden> {
  const { json } = await trainBpe(ReadableStream.from(texts), options);
  const { vocab, merges } = json.model as Model;
  return {
    merges: merges.map((pair) => pair.join(" ")),
    lastIds: Math.max(...Object.values(vocab)),
    firstToken: Object.entries(vocab).find(([, id]) => id === 0)![0],
  };
}

/** Merges by the definition: counts all pairs anew for each merge. */
function naiveMerges(texts: string[], pattern: RegExp, count: number): string[] {
  const words = texts.flatMap((text) => text.match(pattern) ?? [])
    .map((word) => [...word].map((letter) => letter.replace(" ", "Ġ")));
  const alphabet = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  // Between the printable letters of ASCII and "Ġ" stand other bytes; only the order matters.
  const ids = new Map([...alphabet, "Ġ"].map((letter, id) => [letter, id]));
  const merges: string[] = [];
  while (merges.length < count) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        const pair = `${word[i - 1]} ${word[i]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const order = (pair: string) => pair.split(" ").map((token) => ids.get(token)!);
    const [best] = [...counts].sort(([a, m], [b, n]) => {
      const [[aLeft, aRight], [bLeft, bRight]] = [order(a), order(b)];
      return n - m || aLeft - bLeft || aRight - bRight;
    });
    const [left, right] = best[0].split(" ");
    merges.push(best[0]);
    ids.set(left + right, ids.size);
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        if (word[i - 1] === left && word[i] === right) word.splice(i - 1, 2, left + right);
      }
    }
  }
  return merges;
}

function realTexts(): Promise<string[]> {
  return Promise.all([
    Deno.readTextFile(new URL("tinyshakespeare.txt", DATA)).then((text) =>
      text.slice(0, CHARACTERS)
    ),
    readGzip(new URL("tatoeba-eng-cmn/cmn.txt.gz", DATA)).then((text) =>
      [...text].slice(-CHARACTERS).join("")
    ),
  ]);
}

async function readGzip(path: URL): Promise<string> {
  using file = await Deno.open(path);
  const text = new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  return await text;
}

const exists = (name: string) => {
  try {
    return Deno.statSync(new URL(name, DATA)).isFile;
  } catch {
    return false;
  }
};

for (const pattern of Object.keys(PATTERNS) as (keyof typeof PATTERNS)[]) {
  Deno.test({
    name: `training: English and Chinese give Hugging Face's merges and ids (${pattern})`,
    ignore: !exists("tinyshakespeare.txt") || !exists("tatoeba-eng-cmn/cmn.txt.gz"),
    async fn() {
      const specialTokens = ["<|endoftext|>", "ab"];
      const options = { vocabularySize: 900, pattern, specialTokens, minFrequency: 0 };
      assertEquals(await train(await realTexts(), options), golden[pattern]);
    },
  });
}

Deno.test("training: of equally common pairs the smaller ids go first, as with Hugging Face", async () => {
  const texts = Array.from({ length: 3 }, () => "zy ba dc ab");
  const options = { vocabularySize: 300, specialTokens: ["<|endoftext|>"], minFrequency: 3 };
  const learned = await train(texts, options);
  assertEquals(learned.merges, ["a b", "b a", "d c", "z y", "Ġ ab", "Ġ ba", "Ġ dc"]);
  assertEquals(learned, golden.ties);
});

Deno.test("training: runs of one letter merge from left to right, as with Hugging Face", async () => {
  const texts = Array.from({ length: 39 }, (_, i) => `${"a".repeat(i + 1)} ${"ab".repeat(i + 1)}`);
  const learned = await train([...texts, "aaab aaabaaab 😀😀"], {
    vocabularySize: 330,
    minFrequency: 2,
  });
  assertEquals(learned, golden.runs);
});

Deno.test("training: the merges are those of counting all pairs anew", async () => {
  const text = someText(7, 3000);
  const learned = await train([text], { vocabularySize: 256 + 120, minFrequency: 1 });
  assertEquals(learned.merges, naiveMerges([text], / ?[a-z]+|\s/g, 120));
});

Deno.test("training: counts sorted on disk give the same merges, and leave nothing behind", async () => {
  const temporaryFolder = await Deno.makeTempDir();
  try {
    const texts = Array.from({ length: 15 }, (_, i) => someText(i, 400));
    texts[7] += "日本語 😀 \ud800";
    const options = { vocabularySize: 700, pattern: "cl100k" };
    const inMemory = await train(texts, options);
    const files: string[] = [];
    const onProgress = () => {
      for (const { name } of Deno.readDirSync(temporaryFolder)) files.push(name);
    };
    const onDisk = await train(texts, {
      ...options,
      ...{ maxMemoryBytes: 500_000, temporaryFolder, onProgress },
    });
    assertEquals(onDisk, inMemory);
    assertEquals(files.length > 0, true, "runs were written");
    assertEquals([...Deno.readDirSync(temporaryFolder)], []);
  } finally {
    await Deno.remove(temporaryFolder, { recursive: true });
  }
});

Deno.test("training: the rarest pre-tokens that find no room are left out and told", async () => {
  const common = Array.from({ length: 20 }, (_, i) => `common${i} common${i}`).join(" ");
  const rare = Array.from({ length: 500 }, (_, i) => `rare${i}`).join(" ");
  const texts = () => ReadableStream.from([`${common} ${rare}`]);
  const pattern = String.raw`[a-z]+\d+| `;
  const all = await trainBpe(texts(), { vocabularySize: 300, pattern });
  assertEquals([all.preTokens, all.leftOut, all.leftOutOccurrences], [521, 0, 0]);
  const few = await trainBpe(texts(), { vocabularySize: 300, pattern, maxMemoryBytes: 16 * 400 });
  assertEquals([few.preTokens, few.leftOut, few.leftOutOccurrences], [21, 500, 500]);
  assertEquals((few.json.model as Model).merges[0], ["c", "o"]);
  await assertRejects(
    () => trainBpe(texts(), { vocabularySize: 300, pattern: "(?s).+", maxMemoryBytes: 160 }),
    RangeError,
    "Cannot train: wanted room for 4230 bytes of the commonest pre-tokens, got 10; raise " +
      "maxMemoryBytes, or use a pattern that makes shorter pieces",
  );
});

Deno.test("training: minimum frequency and too little text end it early", async () => {
  const learned = await trainBpe(ReadableStream.from(["abc abc ab x"]), { minFrequency: 3 });
  assertEquals((learned.json.model as Model).merges, [["a", "b"]]);
  assertEquals([learned.vocabularySize, learned.texts, learned.characters], [257, 1, 12]);
  const nothing = await trainBpe(ReadableStream.from([]));
  assertEquals([nothing.vocabularySize, nothing.preTokens], [256, 0]);
});

Deno.test("training: the file says how the text is cut and which tokens are special", async () => {
  const texts = () => ReadableStream.from(["a text, a text"]);
  const { json } = await trainBpe(texts(), { vocabularySize: 260, specialTokens: ["<s>", "</s>"] });
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  assertEquals(json.added_tokens, [
    { id: 0, content: "<s>", ...special, special: true },
    { id: 1, content: "</s>", ...special, special: true },
  ]);
  const level = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  assertEquals(json.pre_tokenizer, { ...level, use_regex: true });
  const other = await trainBpe(texts(), { vocabularySize: 260, pattern: "llama3" });
  assertEquals(other.json.pre_tokenizer, {
    type: "Sequence",
    pretokenizers: [
      {
        type: "Split",
        pattern: { Regex: PATTERNS.llama3 },
        behavior: "Isolated",
        invert: false,
      },
      { ...level, use_regex: false },
    ],
  });
});

Deno.test("training: progress tells both phases, and a signal ends either", async () => {
  const phases = new Set<string>();
  const texts = () => ReadableStream.from([someText(1, 100), someText(2, 100)]);
  await trainBpe(texts(), {
    vocabularySize: 300,
    onProgress: ({ phase, texts, characters, tokens }) => {
      phases.add(phase);
      assertEquals(texts > 0 && characters > 0 && tokens >= 256 && tokens <= 300, true);
    },
  });
  assertEquals([...phases], ["count", "merge"]);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => trainBpe(texts(), { signal }), Error, "enough");
});

Deno.test("training: impossible options are refused", async () => {
  const train = (options: TrainBpeOptions) => trainBpe(ReadableStream.from(["a"]), options);
  await assertRejects(
    () => train({ vocabularySize: 256, specialTokens: ["<s>"] }),
    RangeError,
    "Cannot train: vocabularySize must be a whole number of at least 257 (256 bytes and the " +
      "special tokens), got 256",
  );
  await assertRejects(
    () => train({ specialTokens: [""] }),
    RangeError,
    "Cannot train: a special token must have a text, got an empty one",
  );
  await assertRejects(() => train({ pattern: "(" }), SyntaxError, "Cannot use the pattern (: ");
});

/** Words of a few letters, the common ones short, the same for the same seed. */
function someText(seed: number, words: number): string {
  let state = seed + 1;
  const random = (below: number) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const word = () => Array.from({ length: 1 + random(6) }, () => "abcdefgh"[random(8)]).join("");
  return Array.from({ length: words }, word).join(" ");
}
