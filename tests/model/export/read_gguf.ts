/** A reader of GGUF files for tests, written from ggml's docs/gguf.md. */

/** A tensor with its values as numbers. */
export interface ReadTensor {
  sizes: number[];
  type: string;
  values: number[];
}

/** Reads a whole file; throws where sizes, offsets or types are not as they must be. */
export async function readGguf(
  path: string,
): Promise<{ metadata: Record<string, unknown>; tensors: Map<string, ReadTensor> }> {
  const bytes = await Deno.readFile(path);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const u32 = () => view.getUint32((at += 4) - 4, true);
  const u64 = () => Number(view.getBigUint64((at += 8) - 8, true));
  const text = () => {
    const length = u64();
    return new TextDecoder().decode(bytes.subarray(at, at += length));
  };
  const value = (type: number): unknown => {
    if (type === 4) return u32();
    if (type === 5) return view.getInt32((at += 4) - 4, true);
    if (type === 6) return view.getFloat32((at += 4) - 4, true);
    if (type === 7) return bytes[at++] === 1;
    if (type === 8) return text();
    if (type !== 9) throw new Error(`value of type ${type}`);
    const of = u32();
    return Array.from({ length: u64() }, () => value(of));
  };
  if (new TextDecoder().decode(bytes.subarray(0, 4)) !== "GGUF") throw new Error("no GGUF");
  at = 4;
  if (u32() !== 3) throw new Error("not version 3");
  const [tensorCount, valueCount] = [u64(), u64()];
  const metadata: Record<string, unknown> = {};
  for (let i = 0; i < valueCount; i++) {
    const key = text();
    metadata[key] = value(u32());
  }
  const infos = Array.from({ length: tensorCount }, () => ({
    name: text(),
    sizes: Array.from({ length: u32() }, u64),
    type: u32(),
    offset: u64(),
  }));
  const start = Math.ceil(at / 32) * 32;
  const tensors = new Map<string, ReadTensor>();
  let end = 0;
  for (const { name, sizes, type, offset } of infos) {
    if (offset !== Math.ceil(end / 32) * 32) throw new Error(`${name} begins at ${offset}`);
    const count = sizes.reduce((product, size) => product * size, 1);
    const from = start + offset;
    if (type === 0) {
      const values = Array.from({ length: count }, (_, i) => view.getFloat32(from + 4 * i, true));
      tensors.set(name, { sizes, type: "f32", values });
      end = offset + 4 * count;
    } else if (type === 1) {
      const values = Array.from({ length: count }, (_, i) => view.getFloat16(from + 2 * i, true));
      tensors.set(name, { sizes, type: "f16", values });
      end = offset + 2 * count;
    } else if (type === 8) {
      const values = Array.from({ length: count }, (_, i) => {
        const block = from + 34 * Math.floor(i / 32);
        return view.getFloat16(block, true) * view.getInt8(block + 2 + i % 32);
      });
      tensors.set(name, { sizes, type: "q8_0", values });
      end = offset + 34 * count / 32;
    } else throw new Error(`${name} has the type ${type}`);
  }
  if (bytes.length !== start + Math.ceil(end / 32) * 32) throw new Error("another length");
  return { metadata, tensors };
}
