import {
  byteTokenizer,
  collectTokens,
  decodeUtf8,
  encodeStream,
  hashFile,
  listFiles,
  readText,
  readTokenizer,
  splitTokens,
  type Tokenizer,
  type TokenSplit,
  trainCharTokenizer,
} from "../data/mod.ts";

/** A file of text and what it held when it was read. */
export interface TextFile {
  path: string;
  /** Hash of its bytes, in hexadecimal. */
  sha256: string;
}

/** Text that a run trains on. */
export interface TrainData extends TokenSplit {
  tokenizer: Tokenizer;
  /** The files read, with their hashes; the run's own copy where the text came from elsewhere. */
  files: TextFile[];
  /** Number of tokens in both splits. */
  tokens: number;
}

/** Options of {@linkcode readTrainData}. */
export interface TrainDataOptions {
  /** Files, globs or `-`; none for the output of `deno types`. */
  data: readonly string[];
  /** `byte`, `char` or the path of a tokenizer.json. */
  tokenizer: string;
  /** Share of the tokens, at their end, that is kept for validation. */
  validationFraction: number;
}

/**
 * Reads the text of a run and turns it into tokens.
 *
 * @param copy where to keep text that cannot be read again: standard input's and `deno types`'; used
 * instead of them where it exists
 * @param tokenizer the tokenizer of the checkpoint that training starts from
 * @throws {DataError} if a file cannot be read or is no UTF-8
 */
export async function readTrainData(
  options: TrainDataOptions,
  copy: string,
  tokenizer?: Tokenizer,
): Promise<TrainData> {
  const { data, validationFraction } = options;
  const again = data.length > 0 && !data.includes("-");
  if (!again && !await exists(copy)) await keepCopy(data, copy);
  const sources = again ? await listFiles(data) : [copy];
  const chosen = tokenizer ?? await openTokenizer(options.tokenizer, sources);
  const tokens = await collectTokens(
    readText(sources).pipeThrough(encodeStream(chosen)),
    { vocabularySize: chosen.vocabularySize },
  );
  const files = await Promise.all(
    sources.map(async (path) => ({ path, sha256: await hashFile(path) })),
  );
  return {
    ...splitTokens(tokens, validationFraction),
    tokenizer: chosen,
    files,
    tokens: tokens.length,
  };
}

/**
 * Checks that the text of a run is still what it was.
 *
 * @throws {Error} naming the first file that differs
 */
export function assertSameFiles(before: TextFile[], now: TextFile[]): void {
  const same = ({ path, sha256 }: TextFile, i: number) =>
    path === now[i]?.path && sha256 === now[i]?.sha256;
  const changed = before.findIndex((file, i) => !same(file, i));
  if (changed < 0 && before.length === now.length) return;
  const name = (before[changed] ?? now[before.length]).path;
  throw new Error(
    `Cannot resume: the text has changed since the run began (${name}). Bring the text back, or start a new run with --from.`,
  );
}

async function openTokenizer(name: string, sources: string[]): Promise<Tokenizer> {
  if (name === "byte") return byteTokenizer();
  if (name === "char") return await trainCharTokenizer(readText(sources));
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

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
