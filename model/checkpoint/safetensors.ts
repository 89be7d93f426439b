import {
  decodeHeader,
  encodeHeader,
  MAX_HEADER_BYTES,
  type NamedShape,
  type TensorInfo,
  unreadable,
} from "./safetensors_header.ts";

/** A tensor to be written. */
export interface TensorSource extends NamedShape {
  /** Gives its values in row-major order when its turn comes. */
  read: () => Promise<Float32Array> | Float32Array;
}

/**
 * Writes f32 tensors to a safetensors file and flushes it to the disk. One tensor after another is
 * asked for and written, so that a large model is never in memory as a whole.
 *
 * Source: https://github.com/huggingface/safetensors#format
 *
 * @param metadata strings kept in the header
 * @throws {RangeError} if two tensors share a name, or values do not fit their shape
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Promise<void> {
  const { bytes, order } = encodeHeader(tensors, metadata);
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  await writeAll(file, bytes);
  for (const { name, shape, read } of order) {
    const data = await read();
    if (data.length !== shape.reduce((product, n) => product * n, 1)) {
      throw new RangeError(
        `Cannot write ${name} [${shape}] to ${path}: got ${data.length} values for it`,
      );
    }
    await writeAll(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  await file.sync();
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

/**
 * A safetensors file, open for reading.
 *
 * Its header is checked as a whole when it is opened; tensors are read one by one when asked for.
 */
export class SafetensorsFile implements Disposable {
  readonly #file: Deno.FsFile;
  /** The read under way: the file has one position, so reads wait for each other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly path: string,
    file: Deno.FsFile,
    /** Type, shape and place of each tensor by name. */
    readonly tensors: ReadonlyMap<string, TensorInfo>,
    /** Strings kept in the header. */
    readonly metadata: Readonly<Record<string, string>>,
  ) {
    this.#file = file;
  }

  /**
   * Opens a file and checks its header against its size.
   *
   * @throws {SyntaxError} if the file is cut short, too long, or its header is broken
   * @throws {Deno.errors.NotFound} if there is no such file
   */
  static open(path: string): SafetensorsFile {
    const file = Deno.openSync(path);
    try {
      const fail = (problem: string): never => {
        throw unreadable(path, problem);
      };
      const { size, isFile } = file.statSync();
      if (!isFile) fail("it is no file");
      if (size < 8) fail(`it has ${size} bytes, the header's length alone takes 8`);
      const start = new Uint8Array(8);
      readFullSync(file, start, path);
      const length = Number(new DataView(start.buffer).getBigUint64(0, true));
      if (length > size - 8) {
        fail(`its header would take ${length} bytes, it has ${size - 8} after the header's length`);
      }
      if (length > MAX_HEADER_BYTES) {
        fail(`its header would take ${length} bytes, at most ${MAX_HEADER_BYTES} are allowed`);
      }
      const text = new Uint8Array(length);
      readFullSync(file, text, path);
      const { tensors, metadata } = decodeHeader(path, text, size - 8 - length);
      return new SafetensorsFile(path, file, tensors, metadata);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Reads a tensor of type F32, F16 or BF16 as f32, in row-major order.
   *
   * @throws {RangeError} if there is no tensor of that name
   * @throws {TypeError} if it is of another type
   * @throws {SyntaxError} if the file was cut short since it was opened
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const result = this.#last.then(() => this.#read(name));
    this.#last = result.catch(() => {});
    return result;
  }

  async #read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const info = this.tensors.get(name);
    if (!info) throw new RangeError(`Cannot read ${name} from ${this.path}: it has no such tensor`);
    const convert = CONVERSIONS[info.dtype];
    if (!convert) {
      throw new TypeError(
        `Cannot read ${name} from ${this.path}: its type must be ${
          READABLE_TYPES.join(", ")
        }, got ${info.dtype}`,
      );
    }
    const bytes = new Uint8Array(info.bytes);
    await this.#file.seek(info.start, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      done += await this.#file.read(bytes.subarray(done)) ?? cutShort(this.path);
    }
    return convert(bytes.buffer);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** How the bytes of each type that can be read become f32. */
const CONVERSIONS: Readonly<Record<string, (data: ArrayBuffer) => Float32Array<ArrayBuffer>>> = {
  F32: (data) => new Float32Array(data),
  F16: (data) => new Float32Array(new Float16Array(data)),
  // bf16 is the upper half of an f32.
  BF16: (data) =>
    new Float32Array(Uint32Array.from(new Uint16Array(data), (half) => half << 16).buffer),
};

/** Types of tensors that can be read. */
export const READABLE_TYPES: readonly string[] = Object.keys(CONVERSIONS);

function readFullSync(file: Deno.FsFile, bytes: Uint8Array, path: string): void {
  for (let done = 0; done < bytes.length;) {
    done += file.readSync(bytes.subarray(done)) ?? cutShort(path);
  }
}

function cutShort(path: string): never {
  throw unreadable(path, "it was cut short while being read");
}
