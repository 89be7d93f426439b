import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { prepare, type PrepareOptions, previewPreparation } from "../../data/prepare/mod.ts";
import { openShards } from "../../data/shards/mod.ts";

/** A word for a number; near duplicates take all numbers for one. */
const word = (i: number) => i.toString(2).replaceAll("0", "mill").replaceAll("1", "corn");

/** A folder with documents: 60 different ones, 20 copies, 10 with one word changed, 10 empty. */
async function inCorpus(work: (options: PrepareOptions) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const text = (i: number, end = "night") =>
      Array.from({ length: 12 }, (_, j) => `${word(i)} ${word(64 * i + j)} ${word(i + 7 * j)}`)
        .join(" ") +
      ` by ${end}.`;
    const texts = [
      ...Array.from({ length: 60 }, (_, i) => text(i)),
      ...Array.from({ length: 20 }, (_, i) => text(i)),
      ...Array.from({ length: 10 }, (_, i) => text(i, "day")),
      ...Array.from({ length: 10 }, () => ""),
    ];
    const lines = texts.map((text) => JSON.stringify({ text }));
    await Deno.writeTextFile(`${folder}/corpus.jsonl`, lines.join("\n"));
    await work({
      data: [`${folder}/corpus.jsonl`],
      tokenizer: "byte",
      context: 64,
      out: `${folder}/out`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("prepare: what was read is kept or dropped by a named reason", () =>
  inCorpus(async (options) => {
    const manifest = await prepare({ ...options, dedup: "minhash" }, { workers: 2 });
    assertEquals(manifest.documents, 60);
    assertEquals(manifest.dropped.text.empty, { documents: 10, bytes: 0 });
    assertEquals(manifest.dropped.dedup.exact.documents, 20);
    assertEquals(manifest.dropped.dedup.near.documents, 10);
    assertEquals(manifest.rows * 65, manifest.tokens + manifest.shared + manifest.padding);
    const set = await openShards(options.out);
    assertEquals(set.rows, manifest.rows);
    const report = await Deno.readTextFile(`${options.out}/report.html`);
    assertMatch(report, /^<!doctype html>/i);
    assert(!/<(?:script|link|img)[^>]*(?:src|href)=["']?https?:/.test(report));
  }));

/** The text of a split, its rows of two bytes joined. */
async function textOf(folder: string): Promise<string> {
  const set = await openShards(folder);
  const bytes: number[] = [];
  for (let i = 0; i < set.shards.length; i++) {
    const shard = await set.read(i);
    for (let row = 0; row < shard.rows; row++) {
      bytes.push(...shard.row(row).tokens.slice(bytes.length === 0 ? 0 : 1));
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

Deno.test("prepare: a split keeps each cluster on one side, and documents stay as the data grows", () =>
  inCorpus(async (options) => {
    const split = async (name: string, more: Partial<PrepareOptions>) => {
      const out = `${options.out}-${name}`;
      const manifest = await prepare(
        { ...options, context: 1, validationFraction: 0.3, ...more, out },
        { workers: 1 },
      );
      const { train, validation } = manifest.splits;
      assertEquals(train.documents + validation.documents, manifest.documents);
      assert(validation.documents > 5 && train.documents > 5);
      return { train: await textOf(`${out}/train`), validation: await textOf(`${out}/validation`) };
    };
    const lines = (await Deno.readTextFile(options.data[0])).split("\n");
    const half = `${options.data[0]}-half.jsonl`;
    await Deno.writeTextFile(half, lines.slice(0, 30).join("\n"));
    const before = await split("half", { data: [half], dedup: "minhash" });
    const after = await split("whole", { dedup: "minhash" });
    const apart = await split("copies", { dedup: "none" });
    let validating = 0;
    for (const line of lines.slice(0, 29)) {
      const { text } = JSON.parse(line);
      const validates = before.validation.includes(text);
      validating += Number(validates);
      for (const sides of [before, after, apart]) {
        // Copies that were not dropped are on the side of the first.
        assertEquals([sides.validation.includes(text), sides.train.includes(text)], [
          validates,
          !validates,
        ]);
      }
    }
    assert(validating > 3, `${validating}`);
  }));

Deno.test("prepare: aborted, it goes on where it stopped", () =>
  inCorpus(async (options) => {
    const whole = await prepare({ ...options, out: `${options.out}-whole` }, { workers: 1 });
    const controller = new AbortController();
    const run = { workers: 1, signal: controller.signal };
    await assertRejects(
      () =>
        prepare(options, {
          ...run,
          onProgress: ({ phase }) => phase === "pack" && controller.abort(new Error("enough")),
        }),
      Error,
      "enough",
    );
    await assertRejects(() => openShards(options.out));
    const { timing: _, ...resumed } = await prepare(options, { workers: 1 });
    const { timing: __, ...expected } = whole;
    assertEquals(resumed, expected);
    // Done, it is not done again, even where it was killed while it cleared up.
    await Deno.mkdir(`${options.out}/.prepare-done`);
    const { timing: ___, ...again } = await prepare(options);
    assertEquals(again, expected);
    await assertRejects(() => Deno.stat(`${options.out}/.prepare-done`), Deno.errors.NotFound);
    await assertRejects(
      () => prepare({ ...options, context: 32 }),
      RangeError,
      "wanted an empty folder",
    );
  }));

Deno.test("prepare: impossible options are refused by name", () =>
  inCorpus(async (options) => {
    await assertRejects(
      () => prepare({ ...options, format: "bin", packing: "best-fit" }),
      RangeError,
      "packing must be concat",
    );
    await assertRejects(() => prepare({ ...options, context: 0 }), RangeError, "context");
  }));

Deno.test("previewPreparation: shows the stages and writes nothing", () =>
  inCorpus(async (options) => {
    const preview = await previewPreparation({ ...options, removeBoilerplate: true }, 100);
    assertEquals(preview.documents, 100);
    assertEquals(preview.kept.documents, 70);
    assertEquals(preview.stages.map(({ name }) => name), ["boilerplate", "text", "dedup"]);
    await assertRejects(() => Deno.stat(options.out), Deno.errors.NotFound);
  }));

Deno.test("prepare: workers find the main text of web pages, the same for any number of them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const page = (i: number) => `<nav><a href=/>Home</a></nav><p>${word(i)} was said here.</p>`;
    const response = (i: number) => {
      const http = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n${page(i)}`;
      return `WARC/1.0\r\nWARC-Type: response\r\nContent-Length: ${http.length}\r\n\r\n${http}\r\n\r\n`;
    };
    const texts = Array.from({ length: 40 }, (_, i) => `${word(i)} was said here.`);
    await Deno.writeTextFile(`${folder}/0.html`, page(0));
    await Deno.writeTextFile(`${folder}/1.html`, "<nav><a href=/>Home</a></nav>");
    const records = texts.slice(1).map((_, i) => response(i + 1));
    await Deno.writeTextFile(`${folder}/2.warc`, records.join(""));
    const expected = texts.join(""); // bytes have no end-of-text
    const data = ["0.html", "1.html", "2.warc"].map((name) => `${folder}/${name}`);
    const options = { data, tokenizer: "byte", context: 8 };
    const results = [];
    for (const workers of [1, 3]) {
      const out = `${folder}/${workers}`;
      const { timing: _, ...manifest } = await prepare({ ...options, out }, { workers });
      const joined = await textOf(out);
      assertEquals(joined, expected.slice(0, joined.length));
      assert(joined.length > expected.length - options.context - 1);
      results.push(manifest);
    }
    assertEquals(results[0], results[1]);
    const [stage] = results[0].stages;
    assertEquals([stage.name, stage.in.documents, stage.out.documents], ["main text", 41, 40]);
    const { "main text": dropped } = results[0].dropped;
    assertEquals(dropped["page without text"].documents, 1);
    const preview = await previewPreparation(options, 100);
    assertEquals([preview.stages[0].name, preview.stages[0].changed], ["main text", 40]);
    assertEquals(preview.kept.documents, 40);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
