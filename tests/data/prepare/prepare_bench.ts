/**
 * Resident memory of `deno task prepare` on 100 MB and on 2 GB of text with duplicates, near ones
 * looked for too. Takes some minutes and 5 GB of disk.
 *
 *     deno run -R -W -E --allow-run=deno tests/data/prepare/prepare_bench.ts [--bytes 100e6,2e9]
 */
import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { syntheticDocuments } from "../synthetic_text.ts";
import { OPENAI } from "../tokenizers/openai.ts";

const ROOT = new URL("../../../", import.meta.url);
const SAMPLE_MS = 200;
const LIMIT_MB = 600;

/** A corpus and what preparing it took. */
interface Measured {
  /** MB of text. */
  text: number;
  /** MB resident at most. */
  peak: number;
  seconds: number;
}

const folder = await Deno.makeTempDir();
try {
  const { bytes } = parseArgs(Deno.args, { default: { bytes: "100e6,2e9" } });
  const measured: Measured[] = [];
  for (const size of `${bytes}`.split(",").map(Number)) {
    const result = await measure(size);
    measured.push(result);
    const { text, peak, seconds } = result;
    console.log(`${text} MB of text: ${peak.toFixed(0)} MB resident, ${seconds.toFixed(0)} s`);
  }
  const peaks = measured.map(({ peak }) => peak);
  const spread = Math.max(...peaks) / Math.min(...peaks) - 1;
  console.log(`${(100 * spread).toFixed(1)} % apart; wanted at most 10 %, and ${LIMIT_MB} MB`);
  console.log(JSON.stringify({ bench: "memory", measured, spread, wanted: LIMIT_MB }));
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function measure(bytes: number): Promise<Measured> {
  const path = `${folder}/corpus.jsonl`;
  const written = await writeCorpus(path, bytes);
  const out = `${folder}/out`;
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [command, ...task] = tasks.prepare.command.split(" ");
  const start = performance.now();
  const child = new Deno.Command(command, {
    args: [
      ...[...task, "--data", path, "--tokenizer", OPENAI[0].path, "--out", out],
      ...["--dedup", "minhash", "--packing", "best-fit", "--json"],
    ],
    cwd: ROOT,
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let peak = 0;
  const timer = setInterval(() => peak = Math.max(peak, peakOf(child.pid)), SAMPLE_MS);
  const { code } = await child.status;
  clearInterval(timer);
  const seconds = (performance.now() - start) / 1000;
  assertEquals(code, 0);
  const manifest = JSON.parse(await Deno.readTextFile(`${out}/manifest.json`));
  assertEquals(manifest.totals.documents, written.documents);
  const { exact, near } = manifest.dropped.dedup;
  assertEquals(manifest.documents, written.documents - exact.documents - near.documents);
  await Deno.remove(out, { recursive: true });
  await Deno.remove(path);
  return { text: bytes / 1e6, peak, seconds };
}

/** The most memory that a process has had resident so far, in MB; 0 where it has ended. */
function peakOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024 / 1e6;
  } catch {
    return 0;
  }
}

async function writeCorpus(path: string, bytes: number): Promise<{ documents: number }> {
  using file = await Deno.open(path, { write: true, create: true });
  const writer = file.writable.getWriter();
  let [documents, held] = [0, ""];
  for await (
    const text of syntheticDocuments({ bytes, exactDuplicates: 0.25, nearDuplicates: 0.1 })
  ) {
    held += JSON.stringify({ id: `${documents++}`, text }) + "\n";
    if (held.length < 1 << 20) continue;
    await writer.write(new TextEncoder().encode(held));
    held = "";
  }
  await writer.write(new TextEncoder().encode(held));
  await writer.close();
  return { documents };
}
