/**
 * The whole way in one call, from JSONL.gz through FineWeb's filters, exact and near duplicates,
 * GPT-2's tokens and best-fit packing to zstd shards: MB of raw text a second on one core, start-up
 * of all workers included, on real prose.
 *
 *     deno run -R -W -E tests/data/prepare_bench.ts
 */
import process from "node:process";
import { assertEquals } from "@std/assert";
import {
  buildSteps,
  DuplicateFinder,
  endOfTextOf,
  fingerprinter,
  prepare,
  type PrepareOptions,
  readTokenizer,
} from "../../data/mod.ts";
import { realDocuments } from "./real_documents.ts";
import { OPENAI } from "./tokenizers/openai.ts";

/** Documents on which the result is compared with the plain way. */
const COMPARED = 400;

const folder = await Deno.makeTempDir();
try {
  const documents = realDocuments();
  const bytes = documents.reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0);
  const options: Omit<PrepareOptions, "data" | "out"> = {
    ...{ tokenizer: OPENAI[0].path, context: 1024 },
    ...{ preset: "fineweb", dedup: "minhash", packing: "best-fit" },
  };
  const some = documents.slice(0, COMPARED);
  const data = [await write("some.jsonl.gz", some)];
  for (const workers of [1, 2]) {
    const manifest = await prepare({ ...options, data, out: `${folder}/some-${workers}` }, {
      workers,
    });
    const { documents, tokens } = manifest;
    assertEquals({ documents, tokens }, await plainly(some));
  }

  const all = [await write("all.jsonl.gz", documents)];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const manifest = await prepare({ ...options, data: all, out: `${folder}/all` });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cores = navigator.hardwareConcurrency;
  const speeds = {
    byWall: bytes / 1e6 / seconds / cores,
    byCpu: bytes / (user + system),
  };
  console.log(
    `${(bytes / 1e6).toFixed(0)} MB of ${documents.length} documents, ${manifest.documents} kept`,
  );
  console.log(
    `${seconds.toFixed(1)} s on ${cores} cores, ${((user + system) / 1e6).toFixed(1)} s of them`,
  );
  console.log(
    `MB/s a core: ${speeds.byWall.toFixed(1)} by the clock, ${speeds.byCpu.toFixed(1)} by use`,
  );
  console.log(JSON.stringify({ bench: "prepare", mbPerSecondAndCore: speeds, wanted: 5 }));
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function write(name: string, texts: readonly string[]): Promise<string> {
  const lines = texts.map((text, i) => JSON.stringify({ id: `${i}`, text }) + "\n");
  const stream = new Blob(lines).stream().pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(`${folder}/${name}`, stream);
  return `${folder}/${name}`;
}

/** The same in one thread and in memory. */
async function plainly(texts: readonly string[]): Promise<{ documents: number; tokens: number }> {
  const steps = await buildSteps({ preset: "fineweb" });
  const cleaned = texts.flatMap((text, i) => {
    let document = { id: `${i}`, text, source: "", metadata: {} };
    for (const { apply } of steps) {
      const answer = apply(document);
      if ("drop" in answer) return [];
      document = answer as typeof document;
    }
    return document.text === "" ? [] : [document.text];
  });
  await Deno.mkdir(`${folder}/sorting`, { recursive: true });
  const fingerprint = fingerprinter({ kind: "minhash" });
  using finder = new DuplicateFinder({ folder: `${folder}/sorting` });
  cleaned.forEach((text, i) => finder.add(i, fingerprint(text)));
  using duplicates = await finder.finish();
  const gone = new Set<number>();
  for await (const { document } of duplicates.removed()) gone.add(document);
  const kept = cleaned.filter((_, i) => !gone.has(i));
  const tokenizer = await readTokenizer(OPENAI[0].path);
  const end = endOfTextOf(tokenizer) === undefined ? 0 : 1;
  const tokens = kept.reduce((sum, text) => sum + tokenizer.encode(text).length + end, 0);
  return { documents: kept.length, tokens };
}
