import { assertEquals, assertRejects } from "@std/assert";
import {
  DataError,
  describeColumns,
  readTagged,
  type ReadTaggedOptions,
  type Tagged,
} from "../../../data/mod.ts";
import { testTransform } from "../contract.ts";
import { cutBytes, utf8 } from "../sources/streams.ts";
import { assertBad, readAll } from "./rows.ts";

testTransform<Uint8Array, Tagged>("readTagged", {
  make: () => readTagged("a.conll"),
  split: cutBytes,
  cases: [{
    label: "words one space apart; blank lines, some with tabs, between sentences",
    input: [utf8("-DOCSTART- O\n\nAda\tB-PER\r\nwrote\tO\r\n\t\r\n\n#\tO\n")],
    output: [
      {
        text: "Ada wrote",
        words: [{ start: 0, end: 3 }, { start: 4, end: 9 }],
        tags: ["B-PER", "O"],
        place: { path: "a.conll", line: 3, offset: 14 },
      },
      {
        text: "#",
        words: [{ start: 0, end: 1 }],
        tags: ["O"],
        place: { path: "a.conll", line: 7, offset: 38 },
      },
    ],
  }],
});

/** Words with their tags, and the text. */
async function read(text: string, options: ReadTaggedOptions = {}, path = "a.conll") {
  const found = await readAll(text, readTagged(path, options));
  return found.map(({ text, words, tags }) => [
    text,
    ...words.map(({ start, end }, i) => `${text.slice(start, end)}/${tags[i]}`),
  ]);
}

Deno.test("readTagged: Universal NER's five columns, with the text in a comment", async () => {
  const text = "# sent_id = 1\n# text = 看似简单 ，好\n1\t看似\tB-X\t-\tl\n2-3\t简单，\tO\t-\t-\n" +
    "2\t简单\tI-X\t-\t-\n3\t，\tO\t-\t-\n4\t好\tO\t-\t-\n\n1\ta\tO\t-\t-\n2\tb\tO\t-\t-\n";
  assertEquals(await read(text, {}, "a.iob2"), [
    ["看似简单 ，好", "看似/B-X", "简单/I-X", "，/O", "好/O"],
    ["a b", "a/O", "b/O"],
  ]);
  const reader = readTagged("a.iob2");
  await readAll(text, reader);
  assertEquals(
    describeColumns(reader.report),
    "columns of a.iob2: word 2, tag 3 (guessed: name them to be sure)",
  );
});

Deno.test("readTagged: CoNLL-2003's four columns between spaces, or columns by number", async () => {
  assertEquals(await read("EU NNP B-NP B-ORG\nrejects VBZ B-VP O\n"), [
    ["EU rejects", "EU/B-ORG", "rejects/O"],
  ]);
  assertEquals(await read("B-ORG x EU\n", { wordColumn: 3, tagColumn: 1 }), [["EU", "EU/B-ORG"]]);
});

Deno.test("readTagged: spans of JSON Lines count code points; words are cut at their borders", async () => {
  const lines = [
    { text: "😀 Ada Lovelace's 诗集", spans: [[2, 14, "PER"], { start: 17, end: 18, label: "W" }] },
    { text: "preAda ok", spans: [{ start: 3, end: 6, type: "PER" }] },
    { text: "no one", spans: [] },
  ];
  const text = lines.map((line) => JSON.stringify(line)).join("\n");
  assertEquals(await read(text, {}, "a.jsonl"), [
    [
      "😀 Ada Lovelace's 诗集",
      "😀/O",
      "Ada/B-PER",
      "Lovelace/I-PER",
      "'/O",
      "s/O",
      "诗/B-W",
      "集/O",
    ],
    ["preAda ok", "pre/O", "Ada/B-PER", "ok/O"],
    ["no one", "no/O", "one/O"],
  ]);
});

Deno.test("readTagged: tags that break the scheme are errors with their line", async () => {
  await assertBad(() => readTagged("a.conll"), [
    [
      "a\tO\nb\tI-X\n",
      'the tag I-X of "b" breaks IOB2: before it must stand B-X or I-X, got O',
      2,
      4,
    ],
    [
      "a\tB-Y\nb\tI-X\n",
      "before it must stand B-X or I-X, got B-Y; write B-X where an entity",
      2,
      6,
    ],
    ["a\tB-X\n\nb\tI-X\n", "before it must stand B-X or I-X, got O", 3, 7],
    ["a\tO\nb\tE-X\n", "the tag E-X is not IOB2: it must be O, B-TYPE or I-TYPE", 2, 4],
    ["a\tO\nb\n", "wanted a word in column 1 and its tag in column 2", 2, 4],
    ["# text = ab\na\tO\nc\tO\n", 'goes on with "b" where the word "c" must stand', 2, 12],
  ]);
  await assertBad(() => readTagged("a.jsonl"), [
    [
      '{"text":"abc","spans":[[2,4,"X"]]}',
      "the span 2 to 4 (X) must lie within the text's 3",
      1,
      0,
    ],
    ['{"text":"abc","spans":[[1,1,"X"]]}', "the span 1 to 1 (X) must lie within", 1, 0],
    ['{"text":"abc","spans":[[0,2,"X"],[1,3,"Y"]]}', "overlaps the one from 0 to 2", 1, 0],
    ['{"text":"a c","spans":[[1,2,"X"]]}', "holds white space alone", 1, 0],
    ['{"text":"abc","spans":[[0,2," "]]}', "has no type", 1, 0],
    ['{"text":"abc","spans":[["a"]]}', 'wanted spans of start, end and type, got ["a"]', 1, 0],
    ['{"text":"abc","spans":null}', "wanted a list of spans, got null; write [] for none", 1, 0],
  ]);
  await assertRejects(
    () => read("a\tO\n", { wordColumn: 3 }),
    DataError,
    "wanted the word in column 3 and the tag in column 2, got 2 in the first line",
  );
});

Deno.test("readTagged: any tags where asked, as a model wrote them", async () => {
  const found = await read("a\tO\nb\tI-X\nc\tE-Y\n", { scheme: "any" });
  assertEquals(found, [["a b c", "a/O", "b/I-X", "c/E-Y"]]);
});

Deno.test("readTagged: a broken sentence is skipped as a whole where asked", async () => {
  const reader = readTagged("a.conll", { onBad: "skip" });
  const found = await readAll("a\tO\nb\tI-X\nc\tO\n\nd\tB-X\n", reader);
  assertEquals(found.map(({ text }) => text), ["d"]);
  assertEquals(reader.report.skipped, { "a tag that breaks the scheme": 1 });
  assertEquals(reader.report.records, 2);
});
