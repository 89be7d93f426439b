import { assertEquals, assertRejects } from "@std/assert";
import {
  type Classified,
  DataError,
  describeColumns,
  readClassified,
  type ReadClassifiedOptions,
} from "../../../data/mod.ts";
import { testTransform } from "../contract.ts";
import { cutBytes, utf8 } from "../sources/streams.ts";
import { assertBad, readAll } from "./rows.ts";

testTransform<Uint8Array, Classified>("readClassified", {
  make: () => readClassified("a.csv"),
  split: cutBytes,
  cases: [{
    label: "named columns, quoted line breaks, lines counted in the file",
    input: [utf8('id,text,category\r\n1,"Where\nis it?",card\r\n\r\n2,诗,poem\n')],
    output: [
      { text: "Where\nis it?", labels: ["card"], place: { path: "a.csv", line: 2, offset: 18 } },
      { text: "诗", labels: ["poem"], place: { path: "a.csv", line: 5, offset: 43 } },
    ],
  }],
});

/** Texts and labels, and which columns they came from. */
async function read(text: string, options: ReadClassifiedOptions = {}, path = "a.tsv") {
  const reader = readClassified(path, options);
  const examples = await readAll(text, reader);
  const { columns, header, guessed } = reader.report;
  return {
    examples: examples.map(({ text, labels }) => [text, ...labels]),
    columns,
    header,
    guessed,
  };
}

Deno.test("readClassified: columns without names are guessed from their values, and told", async () => {
  const reader = readClassified("sms");
  const found = await readAll("ham\tI am late\nspam\tBuy it now\nham\tOk\n", reader);
  assertEquals(found.map(({ text }) => text), ["I am late", "Buy it now", "Ok"]);
  assertEquals(
    describeColumns(reader.report),
    "columns of sms: text 2, label 1 (guessed: name them to be sure)",
  );
  // The text first, and a number nobody asked for.
  const other = await read("one text\t1\tx\nanother text\t2\ty\na third text\t3\tx\n");
  assertEquals(other.columns, { text: "1", label: "3" });
});

Deno.test("readClassified: columns by name, by number and by a first row that must be named", async () => {
  const named = await read(
    "what,kind\nhi,a\n",
    { textColumn: "what", labelColumn: "kind" },
    "a.csv",
  );
  assertEquals(named, {
    examples: [["hi", "a"]],
    columns: { text: "what", label: "kind" },
    header: true,
    guessed: false,
  });
  const numbered = await read("a\thi\n", { textColumn: "2", labelColumn: "1" });
  assertEquals([numbered.examples, numbered.header], [[["hi", "a"]], false]);
  const skipped = await read("x\ty\na\tlong text\na\tlonger text\n", { header: true });
  assertEquals(skipped.columns, { text: "y", label: "x" });
  const kept = await read("text\tlabel\nhi\ta\n", { header: false });
  assertEquals(kept.examples.length, 2);
});

Deno.test("readClassified: JSON Lines, numbers and several labels", async () => {
  const single = await read(
    '{"sentence":"hi","label":1}\n\n{"sentence":"ho","label":true}\n',
    {},
    "a.jsonl",
  );
  assertEquals(single.examples, [["hi", "1"], ["ho", "true"]]);
  const several = { multiLabel: true };
  const arrays = await read(
    '{"text":"hi","labels":["b","a","b"]}\n{"text":"ho","labels":[]}\n',
    several,
    "a.jsonl",
  );
  assertEquals(arrays.examples, [["hi", "b", "a"], ["ho"]]);
  const cells = await read("text\tlabel\nhi\tb, a\nho\t\n", several);
  assertEquals(cells.examples, [["hi", "b", "a"], ["ho"]]);
});

Deno.test("readClassified: a row that can't be used is an error with its line and offset", async () => {
  await assertBad(() => readClassified("a.tsv"), [
    ["text\tlabel\nhi\ta\n  \tb\n", "its text is empty; fill it in or remove the line", 3, 16],
    ["text\tlabel\nhi\t \n", "wanted a label, got an empty one", 2, 11],
    ["text\tlabel\nhi\ta\tb\n", "wanted 2 fields as on the first line, got 3", 2, 11],
    ["a\thi\nb\n", "wanted 2 fields as on the first line, got 1", 2, 5],
  ]);
  await assertBad(() => readClassified("a.jsonl"), [
    [
      '{"text":"x","label":"a"}\n{"text":5,"label":"a"}',
      "wanted text as its text, got the number 5",
      2,
      25,
    ],
    ['{"text":"x","label":["a","b"]}', "wanted one label, got 2; ask for several labels", 1, 0],
    ['{"text":"x","label":{}}', "wanted a label, got an object", 1, 0],
    ['{"text":"x","label":"a"}\n[1]', "wanted a JSON object, got an array of 1", 2, 25],
    ['{"text":"x","label":"a"}\n{', "Cannot read line 2: wanted JSON", 2, 25],
    ['{"text":"\\ud800","label":"a"}', "half a surrogate pair", 1, 0],
    [
      '{"body":"x","kind":"a"}',
      "Cannot find the label in line 1: wanted one of label, labels",
      1,
      0,
    ],
  ]);
});

Deno.test("readClassified: columns that are not there are named", async () => {
  const cases: [string, ReadClassifiedOptions, string][] = [
    ["a\tb\n", { textColumn: "what" }, "wanted what, got 2 columns without names"],
    ["a\tb\n", { textColumn: "3" }, "wanted 3, got 2 columns without names"],
    ["a\tb\n", { textColumn: "c", header: true }, "wanted c, got a, b; name one of them"],
    [
      "a\nb\n",
      {},
      "Cannot find the columns: wanted text and label, got 1 column; check the format",
    ],
  ];
  for (const [text, options, message] of cases) {
    await assertRejects(() => read(text, options), DataError, message);
  }
});

Deno.test("readClassified: bad rows are skipped where asked, counted by reason and told", async () => {
  const reader = readClassified("a.tsv", { onBad: "skip" });
  const found = await readAll("text\tlabel\nhi\ta\n \tb\n\tc\nho\t\nhey\td\n", reader);
  assertEquals(found.map(({ text }) => text), ["hi", "hey"]);
  const { records, examples, skipped, firstSkipped } = reader.report;
  assertEquals([records, examples], [5, 2]);
  assertEquals(skipped, { "empty text": 2, "no label": 1 });
  assertEquals(
    firstSkipped[0],
    "Cannot use line 3: its text is empty; fill it in or remove the line, at a.tsv:16",
  );
});
