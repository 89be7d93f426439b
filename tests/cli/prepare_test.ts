import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Answer, quern, startQuern } from "./quern.ts";

interface Books {
  documents: number;
  tokens: number;
  rows: number;
  shared: number;
  padding: number;
  dropped: Record<string, Record<string, { documents: number; bytes: number; tokens?: number }>>;
  sources: { path: string; documents: number; sha256: string; error?: string }[];
  options: { context: number };
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

/** All files of a folder with their bytes, the manifest without its timing. */
async function contentOf(folder: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(folder)) {
    assert(isFile, `${name} is left over`);
    const bytes = await Deno.readFile(`${folder}/${name}`);
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    content[name] = new Uint8Array(digest).toHex();
  }
  const { timing: _, ...books } = await manifestOf(folder);
  return { ...content, "manifest.json": JSON.stringify(books) };
}

/** A folder with a corpus of some hundred documents in three formats, with duplicates. */
async function inCorpus(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/corpus`);
    const text = (i: number) => `Document ${i} tells of ${"grain and stone ".repeat(i % 7)}.`;
    const lines = Array.from({ length: 400 }, (_, i) => JSON.stringify({ text: text(i % 300) }));
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

Deno.test("prepare: killed at any moment and started again, it writes the same bytes", () =>
  inCorpus(async (folder) => {
    const args = ["--data", "corpus", "--dedup", "minhash", "--packing", "best-fit"];
    const whole = await prepare(folder, ...args, "--out", "whole");
    assertEquals(whole.code, 0, whole.stderr);
    let kills = 0;
    for (const afterMs of [150, 300, 400, 500, 700]) {
      const child = startQuern(
        ["prepare", "--tokenizer", "byte", "--context", "16", ...args, "--out", "killed"],
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
      const last = await prepare(folder, ...args, "--out", "killed");
      assertEquals(last.code, 0, last.stderr);
    }
    assertEquals(await contentOf(`${folder}/killed`), await contentOf(`${folder}/whole`));
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

Deno.test("prepare: it writes over nothing, and resumes nothing but the same work", () =>
  inCorpus(async (folder) => {
    await Deno.mkdir(`${folder}/full`);
    await Deno.writeTextFile(`${folder}/full/letter.txt`, "mine");
    const full = await prepare(folder, "--data", "corpus", "--out", "full");
    assertEquals(full.code, 1);
    assertMatch(full.stderr, /Cannot write to full: wanted an empty folder, got one with files/);

    await Deno.writeTextFile(`${folder}/corpus/d.jsonl`, "{");
    assertEquals((await prepare(folder, "--data", "corpus", "--out", "out")).code, 1);
    const other = await prepare(folder, "--data", "corpus", "--out", "out", "--dedup", "none");
    assertEquals(other.code, 1);
    assertMatch(other.stderr, /unfinished work of other sources or options/);
  }));

Deno.test("prepare: a dry run shows what each stage would do, and writes nothing", () =>
  inCorpus(async (folder) => {
    const answer = await prepare(
      folder,
      ...["--data", "corpus", "--preset", "gopher", "--dry-run", "--dry-run-documents", "20"],
    );
    assertEquals(answer.code, 0, answer.stderr);
    assertMatch(answer.stdout, /^The first 20 documents would become:/);
    assertMatch(answer.stdout, /\d+ dropped: /);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(names, ["corpus"]);
  }));

Deno.test("prepare: what is missing is named", async () => {
  const missing = await quern(["prepare", "--out", "x"]);
  assertEquals(missing.code, 2);
  assertMatch(missing.stderr, /quern prepare needs --data SOURCE/);
  const file = await quern(["prepare", "--data", "none.txt", "--tokenizer", "byte", "--out", "x"]);
  assertEquals(file.code, 1);
  assertMatch(file.stderr, /there is no such file; check the path, at none\.txt:0/);
});
