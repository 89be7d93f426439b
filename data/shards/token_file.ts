/**
 * Files that hold tokens and no rows: nanoGPT's `.bin` (u16, no header), llm.c's `.bin` (a header
 * of 256 i32: magic, version, number of tokens; u16 or u32) and Megatron's `.bin` beside `.idx`.
 */
import { createHash } from "node:crypto";
import { DataError } from "../errors.ts";
import type { Row } from "../packing/mod.ts";
import type { Tokens } from "../tokens.ts";
import { openToRead, readInto } from "./files.ts";
import type { Shard, ShardSet } from "./shard_set.ts";
import { assertBlocks, readSums, SUMS_BLOCK_BYTES, type TokenSums } from "./token_sums.ts";

/** Type of the ids in a file. */
export type TokenType = "uint8" | "uint16" | "int32" | "uint32";

/** Where a file's tokens are. */
export interface TokenFile {
  path: string;
  /** Bytes before the first token. */
  start: number;
  tokens: number;
  type: TokenType;
}

/** Tokens that are read at once, in bytes. */
const SHARD_BYTES = 1 << 24;
const BYTES: Record<TokenType, number> = { uint8: 1, uint16: 2, int32: 4, uint32: 4 };

/** One run of rows: a block of a file. */
interface Block {
  file: TokenFile;
  sums?: TokenSums;
  /** Its first token. */
  first: number;
  rows: number;
  bytes: number;
}

/**
 * The rows of token files: of each file, row r is the tokens r·T to r·T + T; a last short row is
 * left out. Blocks are checked against the hashes that Quern writes beside; others' files have none.
 *
 * @param path as the user named the files
 * @throws {DataError} where no file has a row
 */
export async function tokenFileSet(
  files: readonly TokenFile[],
  path: string,
  context: number,
): Promise<ShardSet> {
  const blocks: Block[] = [];
  const identity = createHash("sha256");
  for (const file of files) {
    const sums = await readSums(file);
    identity.update(sums ? JSON.stringify(sums) : await fingerprint(file));
    const rows = Math.floor((file.tokens - 1) / context);
    const rowsOfBlock = Math.max(1, Math.floor(SHARD_BYTES / BYTES[file.type] / context));
    for (let row = 0; row < rows; row += rowsOfBlock) {
      const count = Math.min(rowsOfBlock, rows - row);
      const bytes = (count * context + 1) * BYTES[file.type];
      blocks.push({ file, sums, first: row * context, rows: count, bytes });
    }
  }
  if (blocks.length === 0) {
    const most = Math.max(0, ...files.map(({ tokens }) => tokens));
    throw new DataError(
      `Cannot make a row: wanted ${context + 1} tokens, got ${most}; give more text or a smaller ` +
        "context",
      path,
    );
  }
  const narrow = files.every(({ type }) => BYTES[type] <= 2);
  return {
    path,
    rows: blocks.reduce((sum, { rows }) => sum + rows, 0),
    context,
    dtype: narrow ? "uint16" : "uint32",
    documentIds: false,
    weights: false,
    shards: blocks.map(({ rows, bytes }) => ({ rows, bytes, fileBytes: bytes })),
    sha256: identity.digest("hex"),
    read: async (shard) => {
      const tokens = await readBlock(blocks[shard], narrow);
      return new LoadedTokens(tokens, blocks[shard].rows, context);
    },
  };
}

class LoadedTokens implements Shard {
  #tokens: Tokens;
  #context: number;

  constructor(tokens: Tokens, readonly rows: number, context: number) {
    this.#tokens = tokens;
    this.#context = context;
  }

  row(index: number): Row {
    const at = index * this.#context;
    return { tokens: this.#tokens.subarray(at, at + this.#context + 1) };
  }
}

/** Reads the tokens of a block, and the blocks around it that have a hash. */
async function readBlock(block: Block, narrow: boolean): Promise<Tokens> {
  const { file: { path, start, tokens, type }, sums, first, bytes } = block;
  using file = await openToRead(path);
  const { size } = await file.stat();
  const wanted = start + tokens * BYTES[type];
  if (size !== wanted) {
    throw new DataError(
      `Cannot read tokens: wanted ${wanted} bytes, got ${size}; the file changed since it was opened`,
      path,
      Math.min(size, wanted),
    );
  }
  const begin = start + first * BYTES[type];
  const unit = sums ? SUMS_BLOCK_BYTES : 1;
  const from = Math.floor(begin / unit) * unit;
  const to = Math.min(size, Math.ceil((begin + bytes) / unit) * unit);
  const content = new Uint8Array(to - from);
  await file.seek(from, Deno.SeekMode.Start);
  await readInto(file, content, path, from);
  if (sums) assertBlocks(sums, content, from, path);
  const ids = [content.buffer, begin - from, bytes / BYTES[type]] as const;
  if (type === "uint8") return Uint16Array.from(new Uint8Array(...ids));
  if (type === "uint16") {
    const tokens = new Uint16Array(...ids);
    return narrow ? tokens : Uint32Array.from(tokens);
  }
  if (type === "int32") assertPositive(new Int32Array(...ids), path, begin);
  return new Uint32Array(...ids);
}

function assertPositive(ids: Int32Array, path: string, offset: number): void {
  const at = ids.findIndex((id) => id < 0);
  if (at < 0) return;
  throw new DataError(
    `Cannot read tokens: wanted ids of at least 0, got ${ids[at]}; write the file again`,
    path,
    offset + 4 * at,
  );
}

/** What tells a file without hashes from others, in no more than a glance at it. */
async function fingerprint({ path, start, tokens, type }: TokenFile): Promise<Uint8Array> {
  using file = await openToRead(path);
  const size = start + tokens * BYTES[type];
  const ends = new Uint8Array(8 + 2 * Math.min(size, 1 << 16));
  new DataView(ends.buffer).setFloat64(0, size);
  const half = (ends.length - 8) / 2;
  await readInto(file, ends.subarray(8, 8 + half), path, 0);
  await file.seek(size - half, Deno.SeekMode.Start);
  await readInto(file, ends.subarray(8 + half), path, size - half);
  return ends;
}

/**
 * Looks at a `.bin` and tells which of the formats it is.
 *
 * @throws {DataError} where it is missing, or its length is not what its header or type asks for
 */
export async function inspectTokenFile(path: string): Promise<TokenFile> {
  using file = await openToRead(path);
  const { size } = await file.stat();
  const head = new Int32Array(3);
  if (size >= 12) await readInto(file, new Uint8Array(head.buffer), path, 0);
  const [magic, version, tokens] = head;
  const refuse = (wanted: string, got: string, offset: number): never => {
    throw new DataError(
      `Cannot read tokens: wanted ${wanted}, got ${got}; check the file`,
      path,
      offset,
    );
  };
  if (magic === GPT2_MAGIC || magic === LLAMA3_MAGIC) {
    const [expected, type] = magic === GPT2_MAGIC ? [1, "uint16"] as const : [7, "uint32"] as const;
    if (version !== expected) refuse(`version ${expected} of llm.c's format`, `${version}`, 4);
    const bytes = HEADER_BYTES + tokens * BYTES[type];
    if (tokens < 0 || size !== bytes) {
      refuse(`${bytes} bytes for the header's ${tokens} tokens`, `${size}`, Math.min(size, bytes));
    }
    return { path, start: HEADER_BYTES, tokens, type };
  }
  if (size % 2 !== 0) refuse("whole tokens of 2 bytes", `${size} bytes`, size - 1);
  return { path, start: 0, tokens: size / 2, type: "uint16" };
}

/** Of llm.c's files of GPT-2's tokens, 16 bits each. */
export const GPT2_MAGIC = 20240520;
/** Of llm.c's files of Llama 3's tokens, 32 bits each. */
export const LLAMA3_MAGIC = 20240801;
/** Bytes of llm.c's header. */
export const HEADER_BYTES = 1024;
