/** `quern prepare` killed at random moments, until it is through: the bytes must be the same. */
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { randomNumbers } from "../data/tokenizers/random_text.ts";
import { startQuern } from "./quern.ts";

const PERMISSIONS = ["--allow-write", "--allow-env", "--allow-run=deno"];
const SEED = 7;
const FEWEST_KILLS = 20;

/** Starts preparing and, if told to, kills it; gives back its exit code and how long it took. */
async function run(folder: string, out: string, workers: number, killMs?: number) {
  const began = performance.now();
  const child = startQuern(
    [
      ...["prepare", "--data", "corpus", "--tokenizer", "byte", "--context", "128", "--out", out],
      ...["--dedup", "minhash", "--packing", "best-fit", "--validation-fraction", "0.1"],
      ...["--remove-repeated", "line", "--repeated-in", "corpus", "--shard-bytes", "400000"],
      ...["--keep-dropped", `${out}-lost`, "--workers", `${workers}`],
    ],
    { cwd: folder, permissions: PERMISSIONS },
  );
  const timer = killMs === undefined ? 0 : setTimeout(() => child.kill("SIGKILL"), killMs);
  const { code, stderr } = await child.output();
  clearTimeout(timer);
  return { code, ms: performance.now() - began, errors: new TextDecoder().decode(stderr) };
}

/** Hashes of all files of the folders, the manifest's without its timing. */
async function contentOf(...folders: string[]): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const folder of folders) {
    for (const path of filesOf(folder)) {
      const bytes = await Deno.readFile(path);
      const isManifest = path.endsWith("manifest.json");
      const { timing: _, ...rest } = isManifest ? JSON.parse(new TextDecoder().decode(bytes)) : {};
      const hashed = isManifest ? JSON.stringify(rest) : bytes;
      content[path.slice(folder.length)] = createHash("sha256").update(hashed).digest("hex");
    }
  }
  return content;
}

function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesOf(`${folder}/${name}`) : [`${folder}/${name}`]
  ).sort();
}

async function writeCorpus(folder: string): Promise<void> {
  const random = randomNumbers(SEED);
  const word = () => Math.floor(20_000 * random() ** 3).toString(26);
  const text = () => Array.from({ length: 150 }, (_, i) => word() + (i % 12 ? "" : "\n")).join(" ");
  await Deno.mkdir(`${folder}/corpus`);
  const texts: string[] = [];
  for (let file = 0; file < 4; file++) {
    const lines = Array.from({ length: 4000 }, () => {
      const kind = texts.length > 100 ? random() : 1;
      const old = texts[Math.floor(texts.length * random())];
      texts.push(kind < 0.1 ? old : kind < 0.2 ? `${old} ${word()}` : text());
      return JSON.stringify({ text: texts.at(-1) }) + "\n";
    });
    const stream = new Blob(lines).stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(`${folder}/corpus/${file}.jsonl.gz`, stream);
  }
}

Deno.test("prepare: killed over and over, it writes the same bytes as left alone", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeCorpus(folder);
    const whole = await run(folder, "whole", 1);
    assertEquals(whole.code, 0, whole.errors);
    const random = randomNumbers(SEED + 1);
    let kills = 0;
    for (let round = 0; kills < FEWEST_KILLS; round++) {
      const out = `killed-${round}`;
      for (let code = 137; code !== 0;) {
        const ended = await run(folder, out, 1 + kills % 3, whole.ms * random());
        code = ended.code;
        assert(code === 0 || code === 137, ended.errors);
        if (code === 137) kills++;
      }
      assertEquals(
        await contentOf(`${folder}/${out}`, `${folder}/${out}-lost`),
        await contentOf(`${folder}/whole`, `${folder}/whole-lost`),
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
