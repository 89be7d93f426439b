/** What the worker of a raw set runs: it reads, tokenizes and stores, as far as is asked for. */
import { DataError } from "../errors.ts";
import { parseTokenizer } from "../tokenizers/mod.ts";
import { type StoreShape, StoreWriter } from "./store.ts";
import { describeFiles, type FileFacts, findRawSource, type RawReading } from "./texts.ts";
import { readRawTokens } from "./tokens.ts";

/** What such a worker is told first; plain values. */
export interface RawSetup {
  reading: RawReading;
  /** The files that were found. */
  files: readonly FileFacts[];
  /** The content of a tokenizer.json. */
  tokenizer: unknown;
  folder: string;
  shape: StoreShape;
}

/** What it is sent: its setup once, then how many blocks there are to be. */
export type RawRequest = { setup: RawSetup } | { until: number };

/** What it sends: the hashes of new blocks; at the end the number of tokens; what went wrong. */
export type RawAnswer = { sha256: string[]; tokens: number; ended: boolean } | {
  error: RawFailure;
};

/** An error, with the place where it is of data. */
export interface RawFailure {
  name: string;
  message: string;
  path?: string;
  byteOffset?: number;
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<RawRequest>) => void;
  postMessage(answer: RawAnswer): void;
};
let wanted = 0;
let wake = () => {};

scope.onmessage = ({ data }) => {
  if ("setup" in data) void make(data.setup);
  else {
    wanted = Math.max(wanted, data.until);
    wake();
  }
};

async function make(setup: RawSetup): Promise<void> {
  try {
    using store = await StoreWriter.open(setup.folder, setup.shape);
    let told = store.content.sha256.length;
    const tell = () => {
      const { sha256, tokens, ended } = store.content;
      scope.postMessage({ sha256: sha256.slice(told), tokens, ended });
      told = sha256.length;
    };
    const tokenizer = parseTokenizer(setup.tokenizer, "tokenizer.json");
    const source = await findRawSource(setup.reading);
    assertSame(setup.files, describeFiles(source.files));
    const { position: from } = store.content;
    for await (const { ids, position } of readRawTokens(source, tokenizer, { from })) {
      while (store.content.sha256.length >= wanted) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      if (await store.add(ids, position)) tell();
    }
    await store.end();
    tell();
  } catch (error) {
    const { name, message, path, byteOffset } = error as Error & Partial<DataError>;
    scope.postMessage({ error: { name, message, path, byteOffset } });
  }
}

function assertSame(before: readonly FileFacts[], now: readonly FileFacts[]): void {
  const same = (a?: FileFacts, b?: FileFacts) => JSON.stringify(a) === JSON.stringify(b);
  const longer = before.length > now.length ? before : now;
  const changed = longer.findIndex((_, i) => !same(before[i], now[i]));
  if (changed < 0) return;
  throw new DataError(
    "Cannot read the sources: a file changed since they were looked up; start again when they are " +
      "at rest",
    (before[changed] ?? now[changed]).path,
  );
}
