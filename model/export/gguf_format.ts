/** A value of a GGUF file's metadata. */
export type GgufValue =
  | { type: "u32"; value: number }
  | { type: "f32"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "strings"; value: readonly string[] }
  | { type: "i32s"; value: ArrayLike<number> };

/** How the values of a tensor are stored. */
export type GgufTensorType = "f32" | "f16" | "q8_0";

/** A tensor as the header of a GGUF file names it. */
export interface GgufTensor {
  name: string;
  /** Sizes, innermost first, as ggml has them. */
  sizes: readonly number[];
  type: GgufTensorType;
}

/** Numbers that ggml gives the types of values and tensors. */
const VALUE_TYPES = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_TYPES = { f32: 0, f16: 1, q8_0: 8 } as const;

/** Bytes between whose multiples tensors begin. */
export const GGUF_ALIGNMENT = 32;
/** Values of a block of q8_0, which has one scale. */
export const BLOCK_VALUES = 32;
/** Bytes of a block: the scale as a half, then a byte for each value. */
export const BLOCK_BYTES = 34;

/** Bytes that a tensor takes, without the space up to the next one. */
export function tensorBytes({ sizes, type }: GgufTensor): number {
  const count = sizes.reduce((product, size) => product * size, 1);
  return type === "f32"
    ? 4 * count
    : type === "f16"
    ? 2 * count
    : count / BLOCK_VALUES * BLOCK_BYTES;
}

/** Rounded up to where the next tensor may begin. */
export function aligned(offset: number): number {
  return Math.ceil(offset / GGUF_ALIGNMENT) * GGUF_ALIGNMENT;
}

/**
 * The head of a GGUF file of version 3, padded to where the tensors' data begin, one after another
 * in the order given.
 *
 * Source: ggml's docs/gguf.md.
 */
export function encodeGgufHead(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Uint8Array<ArrayBuffer> {
  const out = new Bytes();
  out.raw(new TextEncoder().encode("GGUF"));
  out.u32(3);
  out.u64(tensors.length);
  const entries = Object.entries(metadata);
  out.u64(entries.length);
  for (const [key, value] of entries) {
    out.string(key);
    writeValue(out, value);
  }
  let offset = 0;
  for (const tensor of tensors) {
    out.string(tensor.name);
    out.u32(tensor.sizes.length);
    for (const size of tensor.sizes) out.u64(size);
    out.u32(TENSOR_TYPES[tensor.type]);
    out.u64(offset);
    offset = aligned(offset + tensorBytes(tensor));
  }
  return out.take(aligned);
}

function writeValue(out: Bytes, value: GgufValue): void {
  switch (value.type) {
    case "u32":
      out.u32(VALUE_TYPES.u32);
      return out.u32(value.value);
    case "f32":
      out.u32(VALUE_TYPES.f32);
      return out.f32(value.value);
    case "bool":
      out.u32(VALUE_TYPES.bool);
      return out.raw(Uint8Array.of(value.value ? 1 : 0));
    case "string":
      out.u32(VALUE_TYPES.string);
      return out.string(value.value);
    case "strings":
      out.u32(VALUE_TYPES.array);
      out.u32(VALUE_TYPES.string);
      out.u64(value.value.length);
      for (const text of value.value) out.string(text);
      return;
    case "i32s":
      out.u32(VALUE_TYPES.array);
      out.u32(VALUE_TYPES.i32);
      out.u64(value.value.length);
      out.raw(new Uint8Array(Int32Array.from(value.value).buffer));
  }
}

/** Bytes that grow; numbers are little-endian. */
class Bytes {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  u32(value: number): void {
    this.#view.setUint32(this.#room(4), value, true);
  }

  u64(value: number): void {
    this.#view.setBigUint64(this.#room(8), BigInt(value), true);
  }

  f32(value: number): void {
    this.#view.setFloat32(this.#room(4), value, true);
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#room(bytes.length));
  }

  /** All bytes, with zeros up to the length that `padded` gives. */
  take(padded: (length: number) => number): Uint8Array<ArrayBuffer> {
    const length = this.#length;
    this.#room(padded(length) - length);
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room for so many bytes and tells where they begin. */
  #room(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}
