import { DataError } from "../errors.ts";
import { openToRead, readInto } from "./files.ts";
import type { TokenFile, TokenType } from "./token_file.ts";

const MAGIC = "MMIDIDX\0\0";
const HEAD_BYTES = 34;
/** Sequences whose lengths and places are looked at together. */
const BLOCK = 1 << 16;
/** Megatron's codes of types, those that ids come in. */
const TYPES: Record<number, [TokenType, number]> = {
  1: ["uint8", 1],
  4: ["int32", 4],
  8: ["uint16", 2],
};

/**
 * Reads Megatron's `.idx`: magic, u64 version 1, u8 type, u64 sequences, u64 documents, then i32
 * lengths and i64 places of the sequences and i64 documents. The sequences must lie end to end.
 *
 * @param path of the `.idx`; the tokens are in the `.bin` of the same name
 * @throws {DataError} where it is no index, or not of that `.bin`
 */
export async function inspectMegatron(path: string): Promise<TokenFile> {
  const binPath = path.replace(/\.idx$/, ".bin");
  using file = await openToRead(path);
  const refuse = (wanted: string, got: unknown, offset: number, where = path): never => {
    throw new DataError(
      `Cannot read Megatron's index: wanted ${wanted}, got ${got}; check the files`,
      where,
      offset,
    );
  };
  const { size } = await file.stat();
  const head = new Uint8Array(HEAD_BYTES);
  if (size < HEAD_BYTES) refuse(`${HEAD_BYTES} bytes of header`, size, size);
  await readInto(file, head, path, 0);
  const view = new DataView(head.buffer);
  const magic = new TextDecoder("latin1").decode(head.subarray(0, 9));
  if (magic !== MAGIC) refuse("MMIDIDX", JSON.stringify(magic), 0);
  const version = view.getBigUint64(9, true);
  if (version !== 1n) refuse("version 1", version, 9);
  if (!(head[17] in TYPES)) refuse("ids of uint8, uint16 or int32 (1, 8 or 4)", head[17], 17);
  const [type, bytes] = TYPES[head[17]];
  const sequences = Number(view.getBigUint64(18, true));
  const documents = Number(view.getBigUint64(26, true));
  const end = HEAD_BYTES + 12 * sequences + 8 * documents;
  if (size !== end && size !== end + sequences) refuse(`${end} bytes`, size, Math.min(size, end));

  let tokens = 0;
  for (let first = 0; first < sequences; first += BLOCK) {
    const count = Math.min(BLOCK, sequences - first);
    const lengths = new Int32Array(count);
    const places = new BigInt64Array(count);
    for (const [array, start] of [[lengths, 0], [places, 4 * sequences]] as const) {
      const at = HEAD_BYTES + start + array.BYTES_PER_ELEMENT * first;
      await file.seek(at, Deno.SeekMode.Start);
      await readInto(file, new Uint8Array(array.buffer), path, at);
    }
    for (let i = 0; i < count; i++) {
      const at = HEAD_BYTES + 4 * (first + i);
      if (lengths[i] < 0) refuse("a length of at least 0", lengths[i], at);
      if (Number(places[i]) !== tokens * bytes) {
        refuse(
          `sequence ${first + i} at ${tokens * bytes}`,
          places[i],
          HEAD_BYTES + 4 * sequences + 8 * (first + i),
        );
      }
      tokens += lengths[i];
    }
  }
  using bin = await openToRead(binPath);
  const found = (await bin.stat()).size;
  const wanted = tokens * bytes;
  if (found !== wanted) {
    refuse(`${wanted} bytes of tokens`, found, Math.min(found, wanted), binPath);
  }
  return { path: binPath, start: 0, tokens, type };
}
