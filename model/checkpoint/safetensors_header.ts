/** Bytes an element takes, by the names that safetensors gives its types. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
};

/** Longest header the format allows, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;

/** A tensor's name and shape. */
export interface NamedShape {
  /** Unique in its file. */
  name: string;
  /** Sizes, outermost first; empty for a single number. */
  shape: readonly number[];
}

/** Where a tensor lies in a safetensors file. */
export interface TensorInfo {
  /** Element type as the file names it, such as `F32`. */
  dtype: string;
  /** Sizes, outermost first; empty for a single number. */
  shape: number[];
  /** First byte, counted from the start of the file. */
  start: number;
  /** Length in bytes. */
  bytes: number;
}

/** The error of a file that is no whole safetensors file. */
export function unreadable(path: string, problem: string): SyntaxError {
  return new SyntaxError(
    `Cannot read ${path} as safetensors: ${problem}; use another checkpoint, or copy the file anew`,
  );
}

/** What a safetensors header says. */
export interface SafetensorsHeader {
  tensors: Map<string, TensorInfo>;
  metadata: Record<string, string>;
}

/**
 * Writes the start of a safetensors file for f32 tensors: the header's length and the header, padded
 * so that the data begins at a multiple of 8 bytes.
 *
 * @returns the bytes, and the tensors in the order of their data: by name, as Hugging Face has them
 * @throws {RangeError} if two tensors have one name
 */
export function encodeHeader<T extends NamedShape>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>>,
): { bytes: Uint8Array<ArrayBuffer>; order: T[] } {
  const order = tensors.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const entries: [string, unknown][] = [["__metadata__", metadata]];
  let offset = 0;
  for (const { name, shape } of order) {
    if (entries.at(-1)![0] === name || name === "__metadata__") {
      throw new RangeError(`Cannot write tensors: the name ${name} is taken, each needs its own`);
    }
    const end = offset + 4 * shape.reduce((product, n) => product * n, 1);
    entries.push([name, { dtype: "F32", shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  // By hand: as an object's keys, names that look like numbers would move to the front.
  const json = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${json.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return { bytes, order };
}

/**
 * Reads a safetensors header and checks it against the file's size: types, shapes and offsets must
 * agree, and the data must fill the file without a gap or an overlap.
 *
 * @param text the header without the 8 bytes of its length
 * @param dataBytes what the file holds after the header
 * @throws {SyntaxError} naming the file, the tensor and what was found
 */
export function decodeHeader(
  path: string,
  text: Uint8Array<ArrayBuffer>,
  dataBytes: number,
): SafetensorsHeader {
  const fail = (problem: string): never => {
    throw unreadable(path, problem);
  };
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (error) {
    fail(`its header is no JSON (${(error as Error).message})`);
  }
  if (!isRecord(json)) return fail("its header must be a JSON object");
  const { __metadata__: metadata = {}, ...entries } = json;
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    fail("__metadata__ must be an object of strings");
  }
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of Object.entries(entries)) {
    if (!isRecord(entry)) return fail(`${name} must be an object, got ${JSON.stringify(entry)}`);
    const { dtype, shape, data_offsets: offsets } = entry;
    if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
      return fail(`${name} has the unknown type ${JSON.stringify(dtype)}`);
    }
    if (!isCounts(shape)) return fail(`${name} has the shape ${JSON.stringify(shape)}`);
    if (!isCounts(offsets) || offsets.length !== 2 || offsets[1] < offsets[0]) {
      return fail(`${name} has the offsets ${JSON.stringify(offsets)}`);
    }
    const bytes = shape.reduce((product, n) => product * n, ELEMENT_BYTES[dtype]);
    if (bytes !== offsets[1] - offsets[0]) {
      fail(
        `${name} of type ${dtype} and shape [${shape}] takes ${bytes} bytes, its offsets give ${
          offsets[1] - offsets[0]
        }`,
      );
    }
    tensors.set(name, { dtype, shape, start: 8 + text.length + offsets[0], bytes });
  }
  let end = 8 + text.length;
  let before = "the header";
  const byStart = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.bytes - b.bytes);
  for (const [name, { start, bytes }] of byStart) {
    if (start !== end) {
      fail(`there are ${start - end} bytes between ${before} and ${name}, there must be none`);
    }
    end = start + bytes;
    before = name;
  }
  const stated = end - 8 - text.length;
  if (stated !== dataBytes) {
    const how = stated > dataBytes ? "it is cut short" : "it is too long";
    fail(`${how}: its header describes ${stated} bytes of data, it holds ${dataBytes}`);
  }
  return { tensors, metadata: metadata as Record<string, string> };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
