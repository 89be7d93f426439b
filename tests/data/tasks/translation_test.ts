import { assertEquals } from "@std/assert";
import { describeColumns, readPairs } from "../../../data/mod.ts";
import { assertBad, readAll } from "./rows.ts";

Deno.test("readPairs: the first two columns, names where there are some, keys of JSON", async () => {
  const reader = readPairs("cmn.txt");
  const tatoeba = await readAll("Hi.\t嗨。\tCC-BY #1\nRun.\t跑！\tCC-BY #2\n", reader);
  assertEquals(tatoeba, [{ source: "Hi.", target: "嗨。" }, { source: "Run.", target: "跑！" }]);
  assertEquals(
    describeColumns(reader.report),
    "columns of cmn.txt: source 1, target 2 (guessed: name them to be sure)",
  );
  const named = readPairs("a.tsv", { sourceColumn: "en", targetColumn: "zh" });
  assertEquals(await readAll("zh\ten\n嗨。\tHi.\n", named), tatoeba.slice(0, 1));
  const json = readPairs("a.jsonl");
  assertEquals(await readAll('{"source":"Hi.","target":"嗨。"}', json), tatoeba.slice(0, 1));
});

Deno.test("readPairs: a pair with a side missing is an error with its line", async () => {
  await assertBad(() => readPairs("a.tsv"), [
    ["Hi.\t嗨。\nRun.\t\n", "its target side is empty; fill it in or remove the line", 2, 11],
    ["Hi.\t嗨。\n\t跑！\n", "its source side is empty", 2, 11],
    ["Hi.\t嗨。\nRun.\n", "wanted 2 fields as on the first line, got 1", 2, 11],
  ]);
  await assertBad(() => readPairs("a.jsonl"), [
    [
      '{"source":"a","target":"b"}\n{"source":"a"}',
      "wanted text as its target side, got nothing",
      2,
      28,
    ],
  ]);
});
