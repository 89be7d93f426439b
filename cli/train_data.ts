/** What a run trains on. */
import {
  type Batch,
  batches,
  byteTokenizer,
  decodeUtf8,
  evaluationBatches,
  readText,
  readTokenizer,
  type SourceProgress,
  splitTokens,
  type Tokenizer,
  type Tokens,
  trainCharTokenizer,
} from "../data/mod.ts";
import { join } from "@std/path";
import { exists, findSources } from "./data_sources.ts";
import { type InputFile, type RawOptions, readRaw, readRawText } from "./raw_text.ts";
import type { CacheOptions } from "./remote_shards.ts";
import { openInputs, openMixture } from "./train_mixture.ts";

/** Data that a run trains on. */
export interface TrainData {
  tokenizer: Tokenizer;
  /** The files, with their hashes; the run's own copy where the text came from elsewhere. */
  files: InputFile[];
  /** Tokens of a row, T, where the data says it. */
  context?: number;
  /** Begins reading. */
  open(rows: RowOptions): Promise<TrainRows>;
}

/** Which rows a run asks for. */
export interface RowOptions {
  batchSize: number;
  /** Tokens of a row, T. */
  context: number;
  order: "shuffled" | "sequential";
  seed: number;
  /** Index of the first batch. */
  start: number;
  /** Number of batches from the first to the last of the run. */
  batches: number;
  /** Length of an evaluation. @default the whole validation split */
  evalBatches?: number;
}

/** The rows of a run; to be closed. */
export interface TrainRows extends Disposable {
  /** Batches from the one asked for on. */
  batches: ReadableStream<Batch>;
  /** The validation split's batches; undefined where there is none. */
  validation?: () => ReadableStream<Batch>;
  /** What the first batches took of each source; undefined where there is only text in memory. */
  progress?: (batches: number) => SourceProgress[];
}

/** Options of {@linkcode readTrainData}. */
export interface TrainDataOptions extends RawOptions, CacheOptions {
  /** Sources, each `PATH` or `PATH=WEIGHT`, or `-`; none for the output of `deno types`. */
  data: readonly string[];
  /** What to measure on. @default the corpus' own split, or the end of the data */
  valData: readonly string[];
  /** `byte`, `char` or the path of a tokenizer.json; shards have their own. */
  tokenizer: string;
  /** Share of the data, at its end, that is kept for validation. */
  validationFraction: number;
  /** Tokens of a row, T, as asked for. */
  context?: number;
  /** T where neither it nor the data says. */
  defaultContext: number;
  /** Whether rows are shuffled within windows of shards or all together. */
  shuffle: "blocks" | "full";
  /** Shards of a window. */
  shuffleBlocks: number;
  /** Weights that are not given are rows^(1/temperature). */
  mixTemperature: number;
  /** Times that each row may come. @default no end */
  maxEpochs?: number;
  /** Whether batches must tell the documents of their rows. */
  documentMask: boolean;
  /** Where to keep the tokens of raw data that is too large for the memory. */
  tokensFolder: string;
  /** Where to keep text that cannot be read again: standard input's and `deno types`'. */
  copy: string;
}

/**
 * Reads the data of a run; text becomes tokens, now or while training.
 *
 * @param tokenizer the tokenizer of the checkpoint that training starts from
 * @throws {DataError} if a file cannot be read or is no UTF-8
 */
export async function readTrainData(
  options: TrainDataOptions,
  tokenizer?: Tokenizer,
): Promise<TrainData> {
  const { data, valData, maxEpochs, copy } = options;
  const found = await findSources(data.filter((source) => source !== "-"), options);
  const isMixture = found.some(({ shards, weight }) => shards || weight !== undefined) ||
    valData.length > 0 || maxEpochs !== undefined;
  if (isMixture && found.length < Math.max(1, data.length)) {
    throw new Error(
      "Cannot mix sources: standard input and the default text can be trained on alone only; " +
        "name files with --data",
    );
  }
  if (isMixture) {
    const texts = found.filter(({ shards }) => !shards).map(({ path }) => path);
    const open = () => openTokenizer(options, texts);
    return await openMixture(found, options, tokenizer, open);
  }
  if (options.documentMask) {
    throw new Error(
      "Cannot mask documents: text does not tell where they begin; pack it with `quern prepare " +
        "--packing best-fit` and train on its shards",
    );
  }
  const again = data.length > 0 && !data.includes("-");
  if (!again && !await exists(copy)) await keepCopy(data, copy);
  const sources = again ? data : [copy];
  const chosen = tokenizer ?? await openTokenizer(options, sources);
  const folder: string = join(options.tokensFolder, "0");
  const raw = await readRaw(sources, chosen, { ...options, folder, parts: 1 });
  const { tokens, files } = raw;
  if (!tokens) {
    const train = [{ path: raw.path, raw }];
    return await openInputs({ train, validation: [] }, chosen, options);
  }
  const open = (rows: RowOptions) => Promise.resolve(openTokens(tokens, rows, options));
  return { tokenizer: chosen, files, open };
}

/** Rows of a text in memory. */
function openTokens(
  tokens: Tokens,
  { evalBatches: limit, ...rows }: RowOptions,
  { validationFraction }: TrainDataOptions,
): TrainRows {
  const { train, validation } = splitTokens(tokens, validationFraction);
  return {
    batches: batches(train, rows),
    ...(validation.length > 1 && {
      validation: () => evaluationBatches(validation, { ...rows, limit }),
    }),
    [Symbol.dispose]() {},
  };
}

/**
 * Checks that the data of a run is still what it was.
 *
 * @throws {Error} naming the first file that differs
 */
export function assertSameFiles(before: InputFile[], now: InputFile[]): void {
  const same = (a: InputFile, b?: InputFile) =>
    a.path === b?.path && a.sha256 === b.sha256 && a.size === b.size && a.version === b.version;
  const changed = before.findIndex((file, i) => !same(file, now[i]));
  if (changed < 0 && before.length === now.length) return;
  const name = (before[changed] ?? now[before.length]).path;
  throw new Error(
    `Cannot resume: the data has changed since the run began (${name}). Bring it back, or start a new run with --from.`,
  );
}

async function openTokenizer(
  { tokenizer: name, ...options }: TrainDataOptions,
  sources: readonly string[],
): Promise<Tokenizer> {
  if (name === "byte") return byteTokenizer();
  if (name === "char") return await trainCharTokenizer(await readRawText(sources, options));
  return await readTokenizer(name);
}

async function keepCopy(data: readonly string[], copy: string): Promise<void> {
  const text = data.length === 0 ? denoTypes() : readText([...data]);
  const partial = `${copy}.partial`;
  using file = await Deno.open(partial, { write: true, create: true, truncate: true });
  // Not through `file.writable`, which may end before its last bytes are in the file.
  for await (const bytes of text.pipeThrough(new TextEncoderStream())) {
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  }
  await file.sync();
  await Deno.rename(partial, copy);
}

/** TypeScript's declarations of Deno: text that every Deno carries. */
function denoTypes(): ReadableStream<string> {
  try {
    const child = new Deno.Command("deno", { args: ["types"], stdout: "piped", stderr: "null" })
      .spawn();
    return child.stdout.pipeThrough(decodeUtf8("deno types"));
  } catch (error) {
    throw new Error(
      `Cannot read the default text: \`deno types\` cannot be run here (${
        (error as Error).message
      }). Name a text with --data FILE.`,
    );
  }
}
