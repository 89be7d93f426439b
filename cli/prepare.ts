/** `quern prepare`: from raw corpora to packed, checksummed shards. */
import { type Manifest, prepare as prepareCorpus, type PrepareOptions } from "../data/mod.ts";
import { dryRun } from "./prepare_dry_run.ts";
import { Interrupt } from "./interrupt.ts";
import { parseOptions } from "./options.ts";
import { PREPARE_OPTIONS } from "./prepare_options.ts";
import { openPrepareProgress } from "./prepare_progress.ts";
import { UsageError } from "./usage_error.ts";

export { PREPARE_OPTIONS };

/**
 * Runs `quern prepare`.
 *
 * @returns the exit code: 0 done, 3 done but for bad files, 130 interrupted
 */
export async function prepare(args: string[]): Promise<number> {
  const {
    workers,
    keepDropped,
    json,
    dryRun: isDryRun,
    dryRunDocuments,
    out,
    tokenizer,
    ...rest
  } = parseOptions(PREPARE_OPTIONS, args);
  if (rest.data.length === 0) throw new UsageError("quern prepare needs --data SOURCE.");
  if (tokenizer === undefined) {
    throw new UsageError("quern prepare needs --tokenizer FILE; --tokenizer byte needs no file.");
  }
  if (isDryRun) return await dryRun({ ...rest, tokenizer, json, documents: dryRunDocuments });
  if (out === undefined) throw new UsageError("quern prepare needs --out DIR.");
  const options: PrepareOptions = { ...rest, tokenizer, out };
  using interrupt = new Interrupt(() =>
    console.error("\nFinishing this part; Ctrl-C again leaves at once.")
  );
  using progress = openPrepareProgress({ json });
  try {
    const manifest = await prepareCorpus(options, {
      workers,
      keepDropped,
      onProgress: (report) => progress.show(report),
      signal: interrupt.signal,
    });
    progress[Symbol.dispose]();
    return finish(manifest, out, json);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    progress[Symbol.dispose]();
    console.error("Interrupted. The same command goes on where it stopped.");
    return 130;
  }
}

function finish(manifest: Manifest, out: string, json: boolean): number {
  const { documents, tokens, rows, totals, sources, timing } = manifest;
  const bad = sources.filter(({ error }) => error !== undefined);
  for (const { error } of bad) console.error(`quern: skipped: ${error}`);
  const number = (value: number) => value.toLocaleString("en");
  if (json) console.log(JSON.stringify({ type: "end", ...manifest }));
  else {
    console.log(
      `${number(documents)} of ${number(totals.documents)} documents, ${number(tokens)} tokens in ${
        number(rows)
      } rows, ${(timing.bytesPerSecond / 1e6).toFixed(1)} MB/s.
The corpus is in ${out}; ${out}/report.html shows it. Next:
  deno task train --data ${out}`,
    );
  }
  return bad.length > 0 ? 3 : 0;
}
