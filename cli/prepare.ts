/** `quern prepare`: from raw corpora to packed, checksummed shards. */
import {
  buildSteps,
  type CleaningOptions,
  type Manifest,
  type PiiKind,
  prepare as prepareCorpus,
  type PrepareOptions,
} from "../data/mod.ts";
import { Interrupt } from "./interrupt.ts";
import { nameFlags, type OptionValues, parseOptions } from "./options.ts";
import { dryRun } from "./prepare_dry_run.ts";
import { readLists } from "./prepare_lists.ts";
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
  const { workers, keepDropped, json, dryRun: isDryRun, dryRunDocuments, out, ...given } =
    parseOptions(PREPARE_OPTIONS, args);
  if (given.data.length === 0) throw new UsageError("quern prepare needs --data SOURCE.");
  const options = await toOptions(given);
  if (isDryRun) return await dryRun({ ...options, json, documents: dryRunDocuments });
  if (out === undefined) throw new UsageError("quern prepare needs --out DIR.");
  using interrupt = new Interrupt(() =>
    console.error("\nFinishing this part; Ctrl-C again leaves at once.")
  );
  using progress = openPrepareProgress({ json });
  try {
    const manifest = await prepareCorpus({ ...options, out }, {
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

type Given = Omit<
  OptionValues<typeof PREPARE_OPTIONS>,
  "workers" | "keepDropped" | "json" | "dryRun" | "dryRunDocuments" | "out"
>;

/** The library's options; what was not given is left to it and to the preset. */
async function toOptions(given: Given): Promise<Omit<PrepareOptions, "out">> {
  const { boilerplateLines: _, pii, removeBoilerplate, removeControlCharacters, ...rest } = given;
  const { tokenizer } = given;
  if (tokenizer === undefined) {
    throw new UsageError("quern prepare needs --tokenizer FILE; --tokenizer byte needs no file.");
  }
  const { boilerplateLines, ...lists } = await readLists(given);
  const options: Omit<PrepareOptions, "out"> = {
    ...rest,
    ...lists,
    tokenizer,
    pii: piiOf(pii),
    removeBoilerplate: boilerplateLines ?? (removeBoilerplate || undefined),
    removeControlCharacters: removeControlCharacters || undefined,
  };
  for (const [name, value] of Object.entries(options)) {
    const isGiven = value !== undefined && !(Array.isArray(value) && value.length === 0);
    if (!isGiven) delete options[name as keyof typeof options];
  }
  await checkCleaning(options);
  return options;
}

function piiOf(kinds: Given["pii"]): PrepareOptions["pii"] {
  if (kinds.length === 0) return undefined;
  if (kinds.includes("none")) return false;
  return kinds.includes("all") || kinds as PiiKind[];
}

/** Limits that make no sense are wrong usage; languages cost too much to look at before the work. */
async function checkCleaning({ languages: _, ...options }: CleaningOptions): Promise<void> {
  try {
    await buildSteps(options);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

function finish(manifest: Manifest, out: string, json: boolean): number {
  const { documents, tokens, rows, totals, sources, timing } = manifest;
  const bad = sources.filter(({ error }) => error !== undefined);
  for (const { error } of bad) {
    console.error(`quern: skipped: ${nameFlags(error!, PREPARE_OPTIONS)}`);
  }
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
