import type { Device } from "./device.ts";
import { GpuError } from "./errors.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/** Vectors in a row of the texture: a power of two, so that finding one takes no division. */
const WIDTH = 4096;

const BYTES = 16; // of a vector

const USAGE = 0x01 | 0x02 | 0x04 | 0x08; // COPY_SRC | COPY_DST | TEXTURE_BINDING | STORAGE_BINDING

/** WGSL of `place(i)`: where vector i of a {@linkcode Texels} lies in its texture. */
export const placeWgsl: string = /* wgsl */ `
fn place(i: u32) -> vec2u { return vec2u(i & ${WIDTH - 1}u, i >> ${Math.log2(WIDTH)}u); }
`;

/**
 * A row-major array of float32 in a texture, four at a time: some adapters, above all software ones,
 * load from textures several times as fast as from buffers. A shader declares it as `texture_2d<f32>`
 * to read and as `texture_storage_2d<rgba32float, write>` to write, and finds vector i at `place(i)`.
 */
export class Texels implements Disposable {
  /** What a kernel binds. */
  readonly view: GPUTextureView;

  private constructor(
    readonly device: Device,
    /** Name in errors. */
    readonly label: string,
    readonly shape: readonly number[],
    private readonly texture: GPUTexture,
  ) {
    this.view = texture.createView();
  }

  /** Makes an array of zeros; called by {@linkcode Device.texels}. */
  static create(device: Device, label: string, shape: readonly number[]): Texels {
    const size = sizeOf(shape);
    const height = Math.ceil(size / 4 / WIDTH);
    const most = device.gpu.limits.maxTextureDimension2D;
    if (size % 4 !== 0 || size === 0) {
      throw new RangeError(
        `Cannot put ${label} [${shape}] into a texture: 4 must divide its ${size} elements`,
      );
    }
    if (height > most) {
      throw new GpuError(
        `Cannot put ${label} [${shape}] into a texture: it needs ${height} rows of ${WIDTH} vectors, this adapter allows ${most}`,
      );
    }
    const texture = device.gpu.createTexture({
      label,
      size: [WIDTH, height],
      format: "rgba32float",
      usage: USAGE,
    });
    return new Texels(device, label, shape, texture);
  }

  /** Bytes of the largest array that a device's textures hold. */
  static mostBytes({ gpu }: Device): number {
    return gpu.limits.maxTextureDimension2D * WIDTH * BYTES;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Bytes of GPU memory: whole rows of the texture. */
  get bytes(): number {
    return this.texture.height * WIDTH * BYTES;
  }

  /**
   * Copies a tensor of as many elements, in order with the commands submitted before and after.
   *
   * @throws {RangeError} if the sizes differ
   */
  copyFrom(tensor: Tensor): void {
    if (tensor.size !== this.size) {
      throw new RangeError(
        `Cannot copy ${tensor.label} [${tensor.shape}] to ${this.label} [${this.shape}]: sizes must match`,
      );
    }
    this.#eachPart((encoder, { texture, origin, size, offset }) => {
      encoder.copyBufferToTexture(
        {
          buffer: tensor.buffer,
          offset: tensor.offsetBytes + offset,
          bytesPerRow: WIDTH * BYTES,
        },
        { texture, origin },
        size,
      );
    });
  }

  /** Copies to a tensor of as many elements. */
  copyTo(tensor: Tensor): void {
    this.#eachPart((encoder, { texture, origin, size, offset }) => {
      encoder.copyTextureToBuffer(
        { texture, origin },
        {
          buffer: tensor.buffer,
          offset: tensor.offsetBytes + offset,
          bytesPerRow: WIDTH * BYTES,
        },
        size,
      );
    });
  }

  /** The full rows, then what is left of the last one. */
  #eachPart(
    copy: (
      encoder: GPUCommandEncoder,
      part: {
        texture: GPUTexture;
        origin: [number, number];
        size: [number, number];
        offset: number;
      },
    ) => void,
  ): void {
    const { gpu } = this.device;
    const { texture } = this;
    const vectors = this.size / 4;
    const rows = Math.floor(vectors / WIDTH);
    const encoder = gpu.createCommandEncoder({ label: `copy ${this.label}` });
    if (rows > 0) copy(encoder, { texture, origin: [0, 0], size: [WIDTH, rows], offset: 0 });
    if (vectors % WIDTH > 0) {
      copy(encoder, {
        texture,
        origin: [0, rows],
        size: [vectors % WIDTH, 1],
        offset: rows * WIDTH * BYTES,
      });
    }
    gpu.queue.submit([encoder.finish()]);
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.device.release(this.bytes, this.texture);
  }
}
