import { createHash } from "node:crypto";
import { DataError } from "../errors.ts";
import type { GrowingSet } from "../loader/mod.ts";
import type { Shard, ShardSize } from "../shards/mod.ts";
import type { Tokenizer } from "../tokenizers/mod.ts";
import {
  newTokens,
  readStore,
  readTokens,
  type StoreContent,
  type StoreShape,
  tokensPath,
} from "./store.ts";
import { describeFiles, type RawSource } from "./texts.ts";
import type { RawAnswer, RawFailure, RawRequest, RawSetup } from "./worker.ts";

/** Goes into the key by which a store is known. */
const VERSION = 2;

/** Options of `openRawSet`. */
export interface RawSetOptions extends RawSource {
  /** Names the sources in messages. */
  path: string;
  /** Makes the tokens. */
  tokenizer: Tokenizer;
  /** Tokens of a row but one, T. */
  context: number;
  /** Where to keep the tokens, 2 or 4 bytes each; made where it is missing. */
  folder: string;
  /** Tokens of a shard, but for the last. @default 2097152 */
  shardTokens?: number;
}

/** Rows of raw sources; to be closed, which ends their worker. */
export interface RawSet extends GrowingSet, Disposable {}

/**
 * The rows of raw sources that a worker tokenizes while they are read, as far as they are wanted.
 * The tokens are kept in a folder, so that each text is tokenized once, whatever the number of
 * epochs, and a later call goes on where this one stopped: at once, up to what was made before.
 *
 * @throws {RangeError} where an option is out of range; when reading
 * @throws {DataError} where a source cannot be read or has changed, or the tokens are damaged
 * @example
 * ```ts
 * import { byteTokenizer, findRawSource, openRawSet, shardBatches } from "@quern/quern";
 * const folder = await Deno.makeTempDir();
 * const source = await findRawSource({ sources: ["README.md"], documents: false });
 * const options = { path: "README.md", tokenizer: byteTokenizer(), context: 8, folder };
 * using set = await openRawSet({ ...source, ...options });
 * const { readable } = shardBatches([{ set }], { batchSize: 4, seed: 1 });
 * for await (const { index, tokens } of readable) {
 *   console.log(index, tokens);
 *   if (index === 3) break;
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function openRawSet(options: RawSetOptions): Promise<RawSet> {
  const { folder, context, tokenizer: { vocabularySize }, path, shardTokens = 1 << 21 } = options;
  for (const [name, value] of Object.entries({ context, shardTokens })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new RangeError(
      `Cannot read ${path}: ${name} must be a whole number of at least 1, got ${value}`,
    );
  }
  const blockRows = Math.max(1, Math.floor(shardTokens / context));
  const shape: StoreShape = { key: keyOf(options, blockRows), context, blockRows, vocabularySize };
  return new WorkerSet(options, shape, await readStore(folder, shape.key));
}

/** All that the tokens and their blocks depend on, in one hash. */
function keyOf(options: RawSetOptions, blockRows: number): string {
  const { files, documents, textField, tokenizer, context } = options;
  const reading = [describeFiles(files), documents, textField ?? "text"];
  const parts = [VERSION, reading, tokenizer.toJson(), context, blockRows];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

class WorkerSet implements RawSet {
  readonly path: string;
  readonly context: number;
  readonly dtype: "uint16" | "uint32";
  readonly documentIds = false;
  readonly weights = false;
  readonly sha256: string;
  readonly shards: ShardSize[] = [];
  rows = Infinity;
  #options: RawSetOptions;
  #shape: StoreShape;
  /** Of the shards' tokens. */
  #hashes: string[] = [];
  #worker?: Worker;
  #failure?: Error;
  /** Those who wait for so many shards. */
  #waiting: { shards: number; resolve(): void; reject(error: Error): void }[] = [];

  constructor(options: RawSetOptions, shape: StoreShape, content: StoreContent) {
    this.path = options.path;
    this.context = options.context;
    this.sha256 = shape.key;
    this.dtype = shape.vocabularySize <= 1 << 16 ? "uint16" : "uint32";
    this.#options = options;
    this.#shape = shape;
    this.#take(content);
  }

  async until(shards: number): Promise<void> {
    if (this.rows < Infinity || this.shards.length >= shards) return;
    if (this.#failure) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ shards, resolve, reject });
    this.#worker ??= this.#start();
    this.#worker.postMessage({ until: shards } satisfies RawRequest);
    await promise;
  }

  async read(shard: number): Promise<Shard> {
    await this.until(shard + 1);
    if (shard >= this.shards.length) {
      throw new RangeError(
        `Cannot read shard ${shard} of ${this.path}: it has ${this.shards.length}`,
      );
    }
    const { context: T } = this;
    const { rows } = this.shards[shard];
    const first = shard * this.#shape.blockRows * T;
    const tokens = newTokens(this.#shape, rows * T + 1);
    await readTokens(tokensPath(this.#options.folder), first, tokens, this.#hashes[shard]);
    return {
      rows,
      row: (index) => ({ tokens: tokens.subarray(index * T, index * T + T + 1) }),
    };
  }

  /** Ends the worker; what it has made stays. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#fail(new Error(`Cannot read ${this.path}: it has been closed`));
  }

  #start(): Worker {
    const { tokenizer, folder, files, sources, documents, textField } = this.#options;
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<RawAnswer>) => {
      if ("error" in data) this.#fail(this.#toError(data.error));
      else this.#take(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(new Error(`Cannot read ${this.path}: its worker has stopped: ${event.message}`));
    };
    const setup: RawSetup = {
      reading: { sources, documents, textField },
      files: describeFiles(files),
      tokenizer: tokenizer.toJson(),
      folder,
      shape: this.#shape,
    };
    worker.postMessage({ setup } satisfies RawRequest);
    return worker;
  }

  /** Learns what the store has beyond what is known. */
  #take({ sha256, tokens, ended }: Omit<StoreContent, "position">): void {
    this.#hashes.push(...sha256);
    const { blockRows: full, context: T } = this.#shape;
    const size = newTokens(this.#shape, 1).BYTES_PER_ELEMENT;
    while (this.shards.length < this.#hashes.length) {
      const rows = Math.min(full, Math.floor((tokens - 1) / T) - this.shards.length * full);
      const bytes = (rows * T + 1) * size;
      this.shards.push({ rows, bytes, fileBytes: bytes });
    }
    if (ended) this.rows = this.shards.reduce((sum, { rows }) => sum + rows, 0);
    const isDone = ({ shards }: { shards: number }) => ended || this.shards.length >= shards;
    for (const { resolve } of this.#waiting.filter(isDone)) resolve();
    this.#waiting = this.#waiting.filter((each) => !isDone(each));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting) reject(this.#failure);
    this.#waiting = [];
  }

  /** The worker's error, of the class that it had. */
  #toError({ name, message, path, byteOffset }: RawFailure): Error {
    if (name === "RangeError") return new RangeError(message);
    // The class joins the place to the message itself.
    const bare = message.replace(`, at ${path}:${byteOffset}`, "");
    if (path !== undefined) return new DataError(bare, path, byteOffset);
    return new Error(
      `Cannot keep the tokens of ${this.path} in ${this.#options.folder}: ${message}`,
    );
  }
}
