import type { Device, Kernel } from "./device.ts";
import type { Launch } from "./recording.ts";
import { sizeOf, type Tensor, widthOf } from "./tensor.ts";

/** A copy of a matrix into a texture, to be made before a launch. */
export interface MatrixCopy {
  source: Tensor;
  texture: GPUTexture;
}

/** What a launch needs for its matrices. */
export interface LaunchMatrices {
  /** Copies to make before it. */
  copies: MatrixCopy[];
  /** What to bind, by WGSL name. */
  views: Map<string, GPUTextureView>;
}

/**
 * Textures of one size that a recording keeps: two, so that both operands of a product find room;
 * more where one launch reads more.
 */
const SLOTS = 2;

/** What the bytes of a row must be a multiple of for a copy. */
const ROW_BYTES = 256;

interface Slot {
  texture: GPUTexture;
  view: GPUTextureView;
  bytes: number;
  /** What it holds at this point of the recording. */
  content?: Tensor;
  /** Index of the last launch that reads it. */
  lastUse: number;
}

/** The textures that the matrices of a recording are copied to, a few of each size, reused in turn. */
export class MatrixTextures implements Disposable {
  #slots = new Map<string, Slot[]>();

  /** Makes no texture yet. */
  constructor(private readonly device: Device) {}

  /**
   * Finds textures for the matrices of a launch. Launches are planned in the order in which they run: a
   * matrix that is still in a texture, and was not written since, is not copied again.
   *
   * @param index place of the launch in the recording
   * @throws {RangeError} if a matrix does not fit a texture
   */
  plan(kernel: Kernel, { bindings }: Launch, index: number): LaunchMatrices {
    const copies: MatrixCopy[] = [];
    const views = new Map<string, GPUTextureView>();
    for (const { name, memory } of kernel.header.bindings) {
      if (memory !== "matrix") continue;
      const source = bindings[name] as Tensor;
      const slot = this.#slotFor(kernel.label, source, index);
      if (!slot.content || !isSame(slot.content, source)) {
        copies.push({ source, texture: slot.texture });
        slot.content = source;
      }
      slot.lastUse = index;
      views.set(name, slot.view);
    }
    for (const { name, access } of kernel.header.bindings) {
      if (access !== "read") this.#forget(bindings[name]);
    }
    return { copies, views };
  }

  #slotFor(label: string, source: Tensor, index: number): Slot {
    const [rows, columns] = matrixSize(source);
    assertFits(label, source, rows, columns);
    const key = `${rows} ${columns} ${source.dtype}`;
    const slots = this.#slots.get(key) ?? [];
    this.#slots.set(key, slots);
    const held = slots.find(({ content }) => content && isSame(content, source));
    if (held) return held;
    const free = slots.filter(({ lastUse }) => lastUse < index);
    if (slots.length >= SLOTS && free.length > 0) {
      return free.reduce((oldest, slot) => slot.lastUse < oldest.lastUse ? slot : oldest);
    }
    const texture = this.device.texture(
      `matrix [${rows}, ${columns}]`,
      columns / 4,
      rows,
      source.dtype,
    );
    const slot: Slot = { texture, view: texture.createView(), bytes: source.bytes, lastUse: -1 };
    slots.push(slot);
    return slot;
  }

  /** Takes note that a launch writes a tensor, or texels. */
  #forget(written: Launch["bindings"][string]): void {
    for (const slot of [...this.#slots.values()].flat()) {
      if (slot.content && overlaps(slot.content, written)) slot.content = undefined;
    }
  }

  /** Frees the textures. */
  [Symbol.dispose](): void {
    for (const { texture, bytes } of [...this.#slots.values()].flat()) {
      this.device.release(bytes, texture);
    }
    this.#slots.clear();
  }
}

/** Rows and columns of a tensor as a matrix: all its dimensions but the last are rows. */
export function matrixSize({ shape }: Tensor): [rows: number, columns: number] {
  return [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]];
}

/** Whether a matrix can be copied into a texture of its device. */
export function fitsTexture(tensor: Tensor): boolean {
  const [rows, columns] = matrixSize(tensor);
  const most = tensor.device.gpu.limits.maxTextureDimension2D;
  return widthOf(tensor.dtype) * columns % ROW_BYTES === 0 && columns / 4 <= most && rows <= most;
}

/** Whether tensors should be read as matrices: textures pay on their device, and they fit them. */
export function prefersMatrices(...tensors: readonly Tensor[]): boolean {
  return tensors[0].device.prefersTextures && tensors.every(fitsTexture);
}

function assertFits(label: string, tensor: Tensor, rows: number, columns: number): void {
  if (fitsTexture(tensor)) return;
  const most = tensor.device.gpu.limits.maxTextureDimension2D;
  throw new RangeError(
    `Cannot copy ${tensor.label} [${rows}, ${columns}] into a texture for ${label}: columns must be a multiple of ${
      ROW_BYTES / widthOf(tensor.dtype)
    } up to ${4 * most}, rows at most ${most}`,
  );
}

function isSame(a: Tensor, b: Tensor): boolean {
  return a.buffer === b.buffer && a.offsetBytes === b.offsetBytes && a.bytes === b.bytes;
}

function overlaps(a: Tensor, b: Launch["bindings"][string]): boolean {
  return "buffer" in b && a.buffer === b.buffer &&
    a.offsetBytes < b.offsetBytes + b.bytes && b.offsetBytes < a.offsetBytes + a.bytes;
}
