import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { prepare as prepareCorpus } from "../../data/mod.ts";
import { type Answer, quern, startQuern } from "./quern.ts";

interface Books {
  documents: number;
  tokens: number;
  rows: number;
  shared: number;
  padding: number;
  dropped: Record<string, Record<string, { documents: number; bytes: number; tokens?: number }>>;
  sources: { path: string; documents: number; sha256: string; error?: string }[];
  stages: { name: string; in: { documents: number }; out: { documents: number } }[];
  evaluation: {
    name: string;
    items: number;
    tooShort: number;
    itemsFound: number;
    documents: number;
    found: Record<string, number>;
  }[];
  splits: Record<string, { documents: number }>;
  options: Record<string, unknown>;
  timing?: unknown;
}

const PERMISSIONS = ["--allow-write", "--allow-net", "--allow-env", "--allow-run=deno"];

async function prepare(folder: string, ...args: string[]): Promise<Answer> {
  return await quern(["prepare", "--tokenizer", "byte", "--context", "16", ...args], {
    cwd: folder,
    permissions: PERMISSIONS,
  });
}

async function manifestOf(folder: string): Promise<Books> {
  return JSON.parse(await Deno.readTextFile(`${folder}/manifest.json`));
}

/** All files of a folder and its splits with their bytes, the manifest without its timing. */
async function contentOf(folder: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  const names = (await Array.fromAsync(Deno.readDir(folder))).flatMap(({ name, isFile }) => {
    if (isFile) return [name];
    assert(["train", "validation"].includes(name), `${name} is left over`);
    return [...Deno.readDirSync(`${folder}/${name}`)].map((entry) => `${name}/${entry.name}`);
  });
  for (const name of names.sort()) {
    const bytes = await Deno.readFile(`${folder}/${name}`);
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    content[name] = new Uint8Array(digest).toHex();
  }
  const { timing: _, ...books } = await manifestOf(folder);
  return { ...content, "manifest.json": JSON.stringify(books) };
}

const DIGITS = ["nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const spell = (number: number) => [...`${number}`].map((digit) => DIGITS[+digit]).join(" ");

/** A text of its own for each number; a line of some of them is the same. */
const textOf = (i: number) =>
  `Document ${spell(i)} tells of ${"grain and stone ".repeat(i % 7)}by the ${spell(997 * i)} ` +
  `mills of ${spell(i * i)}.` +
  (i % 5 === 0 ? "\nA line that stands in many of the documents." : "");

/** Adds near duplicates to the corpus, and an evaluation set of which it holds an item. */
async function writeExtras(folder: string): Promise<void> {
  const near = Array.from({ length: 20 }, (_, i) => ({ text: textOf(7 * i + 6) + " Indeed." }));
  await Deno.writeTextFile(
    `${folder}/corpus/d.jsonl`,
    near.map((line) => JSON.stringify(line)).join("\n"),
  );
  const questions = [
    textOf(13).split(" ").slice(0, 12).join(" "),
    "A question that no document of this corpus holds, as far as anyone knows",
    "short",
  ];
  const lines = questions.map((question) => JSON.stringify({ question, answer: "A" }));
  await Deno.writeTextFile(`${folder}/quiz.jsonl`, lines.join("\n"));
}

/** A folder with a corpus of some hundred documents in three formats, with duplicates. */
async function inCorpus(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/corpus`);
    const lines = Array.from({ length: 400 }, (_, i) => JSON.stringify({ text: textOf(i % 300) }));
    await Deno.writeTextFile(`${folder}/corpus/a.jsonl`, lines.join("\n") + "\n");
    const gzip = new Blob([lines.slice(0, 50).join("\n") + "\n"]).stream()
      .pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(`${folder}/corpus/b.jsonl.gz`, gzip);
    await Deno.writeTextFile(`${folder}/corpus/c.txt`, "A text of its own: é 字 😀\n");
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("prepare: the books balance, and two runs differ in nothing but time", () =>
  inCorpus(async (folder) => {
    for (const packing of ["concat", "best-fit"]) {
      const outs = [`${packing}-1`, `${packing}-2`];
      for (const [i, out] of outs.entries()) {
        const answer = await prepare(
          folder,
          ...["--data", "corpus", "--packing", packing, "--out", out, "--workers", `${i + 1}`],
        );
        assertEquals(answer.code, 0, answer.stderr);
      }
      const [one, two] = await Promise.all(outs.map((out) => contentOf(`${folder}/${out}`)));
      assertEquals(one, two);
      const books = await manifestOf(`${folder}/${packing}-1`);
      assertEquals(books.documents, 301);
      assertEquals(books.dropped.dedup.exact.documents, 150);
      assertEquals(books.rows * 17, books.tokens + books.shared + books.padding);
      assertEquals(
        books.sources.map(({ path, documents }) => [path, documents]),
        [["corpus/a.jsonl", 400], ["corpus/b.jsonl.gz", 50], ["corpus/c.txt", 1]],
      );
    }
  }));

/** All stages that look beyond one document, and some that do not. */
const ALL_STAGES = [
  ...["--data", "corpus", "--dedup", "minhash", "--packing", "best-fit", "--line-endings"],
  ...["--remove-repeated", "line", "--repeated-in", "corpus", "--min-repeated-characters", "20"],
  ...["--decontaminate", "quiz.jsonl", "--decontaminate-fields", "question"],
  ...["--decontaminate-words", "8", "--decontaminate-mode", "cut"],
  ...["--validation-fraction", "0.2", "--min-words", "3", "--pii", "email"],
];

Deno.test("prepare: killed at any moment and started again, it writes the same bytes", () =>
  inCorpus(async (folder) => {
    await writeExtras(folder);
    const args = [...ALL_STAGES, "--keep-dropped"];
    const whole = await prepare(folder, ...args, "lost-1", "--out", "whole", "--workers", "1");
    assertEquals(whole.code, 0, whole.stderr);
    let kills = 0;
    for (const afterMs of [150, 300, 400, 500, 700]) {
      const child = startQuern(
        [
          ...["prepare", "--tokenizer", "byte", "--context", "16", ...args, "lost-2"],
          ...["--out", "killed", "--workers", "3"],
        ],
        { cwd: folder, permissions: PERMISSIONS },
      );
      const timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
      const { code, stderr } = await child.output();
      clearTimeout(timer);
      if (code === 0) break;
      assertEquals(code, 137, new TextDecoder().decode(stderr));
      kills++;
    }
    assert(kills > 0);
    if (kills === 5) {
      const last = await prepare(folder, ...args, "lost-2", "--out", "killed");
      assertEquals(last.code, 0, last.stderr);
    }
    assertEquals(await contentOf(`${folder}/killed`), await contentOf(`${folder}/whole`));
    for (const name of ["cleaning.jsonl", "duplicates.jsonl"]) {
      assertEquals(
        await Deno.readTextFile(`${folder}/lost-2/${name}`),
        await Deno.readTextFile(`${folder}/lost-1/${name}`),
      );
    }
  }));

Deno.test("prepare: Ctrl-C ends it cleanly, also where a source sends nothing", () =>
  inCorpus(async (folder) => {
    const child = startQuern(
      ["prepare", "--data", "-", "--tokenizer", "byte", "--out", "out"],
      { cwd: folder, permissions: PERMISSIONS, stdin: "" },
    );
    const errors = child.stderr.pipeThrough(new TextDecoderStream());
    while ((await Deno.stat(`${folder}/out/.prepare/documents`).catch(() => null)) === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
    const [text] = await Promise.all([
      Array.fromAsync(errors).then((parts) => parts.join("")),
      child.stdout.cancel(),
      child.stdin.close().catch(() => {}),
    ]);
    assertMatch(text, /Finishing this part; Ctrl-C again leaves at once\./);
    assertMatch(text, /Interrupted\. The same command goes on where it stopped\.\n$/);
    const names = await Array.fromAsync(Deno.readDir(`${folder}/out`), ({ name }) => name);
    assertEquals(names, [".prepare"]);
  }));

Deno.test("prepare: a broken file is one error; skipped on request, with exit code 3", () =>
  inCorpus(async (folder) => {
    const file = `${folder}/corpus/b.jsonl.gz`;
    await Deno.truncate(file, (await Deno.stat(file)).size - 9);
    const args = ["--data", "corpus", "--out", "out"];
    const broken = await prepare(folder, ...args);
    assertEquals(broken.code, 1);
    assertMatch(broken.stderr, /^quern: Cannot .*cut short.* at corpus\/b\.jsonl\.gz:\d+$/m);
    const written = await Array.fromAsync(Deno.readDir(`${folder}/out`), ({ name }) => name);
    assertEquals(written, [".prepare"]);

    const skipped = await prepare(folder, "--data", "corpus", "--out", "rest", "--skip-bad-files");
    assertEquals(skipped.code, 3, skipped.stderr);
    const { sources } = await manifestOf(`${folder}/rest`);
    assertEquals(sources.map(({ error }) => error !== undefined), [false, true, false]);
  }));

Deno.test("prepare: what is dropped is kept with its reason", () =>
  inCorpus(async (folder) => {
    const answer = await prepare(
      folder,
      ...["--data", "corpus/a.jsonl", "--preset", "gopher", "--out", "out"],
      ...["--keep-dropped", "lost"],
    );
    assertEquals(answer.code, 0, answer.stderr);
    const { dropped } = await manifestOf(`${folder}/out`);
    const lines = (await Array.fromAsync(Deno.readDir(`${folder}/lost`), ({ name }) => name)).sort()
      .flatMap((name) => Deno.readTextFileSync(`${folder}/lost/${name}`).trimEnd().split("\n"))
      .filter((line) => line !== "").map((line) => JSON.parse(line));
    const total = Object.values(dropped).flatMap(Object.values)
      .reduce((sum, { documents }) => sum + documents, 0);
    assertEquals(lines.length, total);
    assert(lines.every(({ stage, reason, id, text }) => stage && reason && id && text));
  }));

Deno.test("prepare: the manifest tells all of it, and every stage adds up", () =>
  inCorpus(async (folder) => {
    await writeExtras(folder);
    const answer = await prepare(folder, ...ALL_STAGES, "--out", "out");
    assertEquals(answer.code, 0, answer.stderr);
    const books = await manifestOf(`${folder}/out`);
    assertEquals(Object.keys(books).slice(0, 6), [
      ...["documents", "tokens", "rows", "shared", "padding", "dropped"],
    ]);
    assertEquals(books.options.out, undefined);
    assertEquals(books.options.workers, undefined);
    assertEquals(books.rows * 17, books.tokens + books.shared + books.padding);
    assertEquals(books.stages.map(({ name }) => name), [
      ...["line endings", "repeated lines", "length", "pii", "text", "dedup"],
      ...["repeated lines in the corpus", "decontamination", "length of what is left"],
    ]);
    books.stages.forEach(({ name, in: came, out }, i) => {
      const lost = Object.values(books.dropped[name] ?? {})
        .reduce((sum, { documents }) => sum + documents, 0);
      assertEquals(came.documents, out.documents + lost, name);
      assertEquals(books.stages[i + 1]?.in.documents ?? books.documents, out.documents, name);
    });
    const [quiz] = books.evaluation;
    assertEquals([quiz.name, quiz.items, quiz.tooShort, quiz.itemsFound], ["quiz", 3, 1, 1]);
    assert(quiz.documents > 0 && quiz.found["0"] === quiz.documents);
    const { train, validation } = books.splits;
    assertEquals(train.documents + validation.documents, books.documents);
    assert(validation.documents > 0);
    for (const { path, sha256 } of books.sources) {
      const bytes = await Deno.readFile(`${folder}/${path}`);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      assertEquals(sha256, digest);
    }
  }));

Deno.test("prepare: a config file says what flags say; what is wrong in it is one sentence", () =>
  inCorpus(async (folder) => {
    await Deno.writeTextFile(`${folder}/words.txt`, "# bad words\nstone\n\n");
    const config = {
      data: "corpus/a.jsonl",
      minWords: 3,
      blockedWords: "words.txt",
      gopherQuality: { minWords: 5, minStopWords: 0, minMeanWordLength: 1 },
      pii: ["email"],
      normalize: "NFKC",
      workers: 1,
    };
    await Deno.writeTextFile(`${folder}/corpus.json`, JSON.stringify(config));
    const ran = await prepare(folder, "--config", "corpus.json", "--out", "one");
    assertEquals(ran.code, 0, ran.stderr);
    const flags = await prepare(
      folder,
      ...["--data", "corpus/a.jsonl", "--min-words", "3", "--blocked-words", "words.txt"],
      ...["--gopher-quality", "minWords=5,minStopWords=0,minMeanWordLength=1"],
      ...["--pii", "email", "--normalize", "NFKC", "--out", "two"],
    );
    assertEquals(flags.code, 0, flags.stderr);
    assertEquals(await contentOf(`${folder}/one`), await contentOf(`${folder}/two`));
    const { dropped } = await manifestOf(`${folder}/one`);
    assertEquals(dropped.words["blocked word"].documents, 342);

    const wrong: [unknown, RegExp][] = [
      [{ minWord: 3 }, /Unknown key "minWord" in bad\.json\. Did you mean "minWords"\?/],
      [{ minWords: "3" }, /"minWords" in bad\.json must be a whole number at least 0, got "3"/],
      [{ pii: ["mail"] }, /"pii" in bad\.json must be some of email, .*Did you mean "email"\?/],
      [{ c4Quality: { minSentence: 1 } }, /Cannot filter by C4 quality: there is no limit minSen/],
      [{ c4Quality: { minSentences: "1" } }, /"minSentences" must be a number, got "1"/],
      [{ gopherQuality: { minWords: -1 } }, /wanted "minWords" of at least 0, got -1/],
      [{ blockedWords: "none.txt" }, /there is no such file; check the path, at none\.txt:0/],
      [{ decontaminate: "none.txt" }, /there is no such file; check the path, at none\.txt:0/],
      [{ repeatedIn: "corpus" }, /--remove-repeated must be line or paragraph, got neither/],
      [{ languages: ["xx"] }, /Cannot filter by language: wanted some of .*, got xx/],
    ];
    for (const [content, message] of wrong) {
      await Deno.writeTextFile(`${folder}/bad.json`, JSON.stringify(content));
      const answer = await prepare(
        folder,
        ...["--config", "bad.json", "--data", "corpus/c.txt", "--out", "bad"],
      );
      assertMatch(answer.stderr, /^quern: [^\n]*\n$/);
      assertMatch(answer.stderr, message);
      assert(answer.code === 1 || answer.code === 2);
    }
    const mended = await prepare(folder, "--data", "corpus/c.txt", "--out", "bad");
    assertEquals(mended.code, 0, mended.stderr);
  }));

Deno.test("prepare: it writes over nothing, and resumes nothing but the same work", () =>
  inCorpus(async (folder) => {
    await Deno.mkdir(`${folder}/full`);
    await Deno.writeTextFile(`${folder}/full/letter.txt`, "mine");
    const full = await prepare(folder, "--data", "corpus", "--out", "full");
    assertEquals(full.code, 1);
    assertMatch(full.stderr, /Cannot write to full: wanted an empty folder, got one with files/);

    const controller = new AbortController();
    const begun = prepareCorpus(
      { data: [`${folder}/corpus`], tokenizer: "byte", context: 16, out: `${folder}/out` },
      { signal: controller.signal, onProgress: () => controller.abort(new Error("enough")) },
    );
    await assertRejects(() => begun, Error, "enough");
    const other = await prepare(folder, "--data", "corpus", "--out", "out", "--dedup", "none");
    assertEquals(other.code, 1);
    assertMatch(other.stderr, /unfinished work of other sources or options/);
  }));

Deno.test("prepare: a dry run shows what each stage would do, and writes nothing", () =>
  inCorpus(async (folder) => {
    await writeExtras(folder);
    const answer = await prepare(
      folder,
      ...[...ALL_STAGES, "--dry-run", "--dry-run-documents", "320"],
    );
    assertEquals(answer.code, 0, answer.stderr);
    assertMatch(answer.stdout, /^The first 320 documents would become:/);
    for (
      const line of [
        /^dedup: \d+ documents in, 0 changed\n {2}\d+ dropped: /m,
        /^repeated lines in the corpus: \d+ documents in/m,
        /^decontamination: .*\n {2}\d+ dropped: contains quiz\n {4}2 "Document two tells/m,
        /^quiz: 1 item found in \d+ documents?$/m,
        /^kept: \d+ documents, /m,
      ]
    ) assertMatch(answer.stdout, line);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(names.sort(), ["corpus", "quiz.jsonl"]);
  }));

Deno.test("prepare: what is missing is named", async () => {
  const missing = await quern(["prepare", "--out", "x"]);
  assertEquals(missing.code, 2);
  assertMatch(missing.stderr, /quern prepare needs --data SOURCE/);
  const file = await quern(["prepare", "--data", "none.txt", "--tokenizer", "byte", "--out", "x"]);
  assertEquals(file.code, 1);
  assertMatch(file.stderr, /there is no such file; check the path, at none\.txt:0/);
});
