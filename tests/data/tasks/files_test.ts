/** The readers over the real sets of ../shared/data, where they are. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import {
  countClasses,
  DataError,
  readClassified,
  readPairs,
  readTagged,
  readTaskFiles,
} from "../../../data/mod.ts";
import { withFiles } from "../sources/streams.ts";

const DATA = new URL("../../../../shared/data/", import.meta.url).pathname;
const isThere = (path: string) => {
  try {
    return Deno.statSync(DATA + path).isFile;
  } catch {
    return false;
  }
};

Deno.test("readTaskFiles: files in order, compressed or not, each with its report", () =>
  withFiles(
    { "a.tsv": "a\tone text\n", "b.tsv.gz": gzipSync("b\tother text\n") },
    async (folder) => {
      const { examples, reports } = readTaskFiles(
        [`${folder}/a.tsv`, `${folder}/b.tsv.gz`],
        (path) => readClassified(path),
      );
      const found = await Array.fromAsync(examples);
      assertEquals(found.map(({ text, labels }) => [labels[0], text]), [
        ["a", "one text"],
        ["b", "other text"],
      ]);
      assertEquals(reports.map(({ path, examples }) => [path.slice(-8), examples]), [
        ["/a.tsv", 1].map((each) => typeof each === "string" ? `${folder}${each}`.slice(-8) : each),
        ["b.tsv.gz", 1],
      ]);
      assertEquals(found[1].place, { path: `${folder}/b.tsv.gz`, line: 1, offset: 0 });
    },
  ));

Deno.test("readTaskFiles: UTF-16 is known by its mark, standard input has a name", async () => {
  const text = "\ufeffa\tone text\n";
  const bytes = new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer);
  const { examples } = readTaskFiles(["-"], (path) => readClassified(path), {
    stdin: new Blob([bytes]).stream(),
  });
  const [{ text: found, place }] = await Array.fromAsync(examples);
  assertEquals([found, place.path], ["one text", "standard input"]);
});

Deno.test({
  name: "sms-spam: two columns without names, guessed",
  ignore: !isThere("sms-spam/SMSSpamCollection"),
  async fn() {
    const { examples, reports } = readTaskFiles(
      [`${DATA}sms-spam/SMSSpamCollection`],
      readClassified,
    );
    const counts = countClasses(await Array.fromAsync(examples));
    assertEquals(counts.map(({ label, examples }) => [label, examples]), [
      ["ham", 4827],
      ["spam", 747],
    ]);
    assertEquals(reports[0].columns, { text: "2", label: "1" });
  },
});

Deno.test({
  name: "banking77: named columns, quotes",
  ignore: !isThere("banking77/train.csv"),
  async fn() {
    const { examples } = readTaskFiles([`${DATA}banking77/train.csv`], readClassified);
    const found = await Array.fromAsync(examples);
    assertEquals([found.length, countClasses(found).length], [10_003, 77]);
  },
});

Deno.test({
  name: "wnut17 and uner-zh-gsdsimp: all sentences, the text of the comments",
  ignore: !isThere("wnut17/wnut17train.conll") ||
    !isThere("uner-zh-gsdsimp/zh_gsdsimp-ud-dev.iob2"),
  async fn() {
    const read = async (path: string) =>
      await Array.fromAsync(readTaskFiles([DATA + path], readTagged).examples);
    assertEquals((await read("wnut17/wnut17train.conll")).length, 3394);
    assertEquals((await read("wnut17/emerging.test.annotated")).length, 1287);
    const chinese = await read("uner-zh-gsdsimp/zh_gsdsimp-ud-train.iob2.gz");
    assertEquals(chinese.length, 3997);
    const entities = chinese.flatMap(({ tags }) => tags).filter((tag) => tag.startsWith("B-"));
    assertEquals(entities.length, 2858 + 1112 + 2148);
    assert(chinese.every(({ text }) => !/[一-龥] [一-龥]/.test(text)), "words are not spaced");
  },
});

Deno.test({
  name: "tatoeba-eng-cmn: two lines lack a side; they are errors, or skipped and told",
  ignore: !isThere("tatoeba-eng-cmn/cmn.txt.gz"),
  async fn() {
    const path = `${DATA}tatoeba-eng-cmn/cmn.txt.gz`;
    await assertRejects(
      () => Array.fromAsync(readTaskFiles([path], readPairs).examples),
      DataError,
      "wanted 3 fields as on the first line, got 2",
    );
    const { examples, reports } = readTaskFiles(
      [path],
      (path) => readPairs(path, { onBad: "skip" }),
    );
    const pairs = await Array.fromAsync(examples);
    assertEquals(pairs.length, 29_153);
    assertEquals(new Set(pairs.map(({ source }) => source)).size, 27_659);
    assertEquals(reports[0].skipped, { "another number of fields": 2 });
  },
});
