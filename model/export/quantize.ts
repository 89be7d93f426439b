import { BLOCK_BYTES, BLOCK_VALUES, type GgufTensorType } from "./gguf_format.ts";

/** Largest finite half. */
const MOST_HALF = 65504;

/**
 * The bytes of values in a type of ggml's.
 *
 * `q8_0`: blocks of 32 values with one scale, d = max |x| / 127 as a half, each value round(x / d) in
 * a byte; halves are rounded away from zero, as ggml's reference does.
 *
 * @param name the tensor, for errors
 * @throws {RangeError} where a value is too large for a half, or values fill no whole blocks
 */
export function encodeTensor(
  name: string,
  values: Float32Array<ArrayBuffer>,
  type: GgufTensorType,
): Uint8Array<ArrayBuffer> {
  if (type === "f32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (type === "f16") {
    const large = values.find((value) => !(Math.abs(value) <= MOST_HALF));
    if (large !== undefined) {
      throw new RangeError(
        `Cannot export ${name} as f16: halves end at ${MOST_HALF}, it holds ${large}; export f32`,
      );
    }
    return new Uint8Array(Float16Array.from(values).buffer);
  }
  const blocks = values.length / BLOCK_VALUES;
  const bytes = new Uint8Array(blocks * BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < blocks; block++) {
    const from = block * BLOCK_VALUES;
    let most = 0;
    for (let i = 0; i < BLOCK_VALUES; i++) most = Math.max(most, Math.abs(values[from + i]));
    if (!(most / 127 <= MOST_HALF)) {
      throw new RangeError(`Cannot export ${name} as q8_0: it holds ${most}; export f32`);
    }
    const scale = Math.fround(most / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    const at = block * BLOCK_BYTES;
    view.setFloat16(at, scale, true);
    for (let i = 0; i < BLOCK_VALUES; i++) {
      const value = Math.fround(values[from + i] * inverse);
      view.setInt8(at + 2 + i, Math.sign(value) * Math.floor(Math.abs(value) + 0.5));
    }
  }
  return bytes;
}

/** A matrix [rows, columns] with its rows as columns. */
export function transposed(
  values: Float32Array,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c];
  }
  return result;
}
