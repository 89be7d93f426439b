import type { Device, Kernel } from "./device.ts";
import { withHalves } from "./half.ts";
import { assertBindings, bindingEntries, packParams } from "./launch_bindings.ts";
import { type MatrixCopy, matrixSize, MatrixTextures } from "./matrix_textures.ts";
import type { TimedLaunch } from "./profiler.ts";
import type { Shader, ShaderHeader } from "./shader.ts";
import { sizeOf, Tensor, widthOf } from "./tensor.ts";
import type { Texels } from "./texels.ts";

/** How many threads a launch needs: a count along x (any size), or whole workgroups in x, y and z. */
export type Extent = { threads: number } | { workgroups: [x: number, y?: number, z?: number] };

/** A kernel launch as it was written down. */
export interface Launch {
  /** What to run. */
  shader: Shader;
  /** What is bound, by its WGSL name. */
  bindings: Record<string, Tensor | Texels>;
  /** A number for each field of `Params`. */
  params: Record<string, number>;
  /** How many threads. */
  extent: Extent;
  /** Floating-point operations, for profiles. */
  operations: number;
}

/** Collects kernel launches; every op of `kernels/` takes one as its first argument. */
export class Pass {
  /** The launches so far, in order. */
  readonly launches: Launch[] = [];
  /** Scratch memory, which the recording will own. */
  readonly owned: DisposableStack = new DisposableStack();
  #scratch?: Tensor;
  #halves = new Map<string, Shader>();

  /**
   * Begins an empty list.
   *
   * @param device where the launches will run
   */
  constructor(readonly device: Device) {}

  /**
   * Writes down one launch.
   *
   * @param bindings a tensor, or texels, for each binding of the shader, by its WGSL name; one of f16
   * may stand where the shader says f32
   * @param params a number for each field of the shader's `Params`
   * @param operations floating-point operations, for profiles; 0 where they do not set the pace
   */
  launch(
    shader: Shader,
    bindings: Record<string, Tensor | Texels>,
    params: Record<string, number>,
    extent: Extent,
    operations: number = 0,
  ): void {
    const halves = Object.keys(bindings).filter((name) => isHalf(bindings[name]));
    this.launches.push({
      shader: this.#stored(shader, halves),
      bindings,
      params,
      extent,
      operations,
    });
  }

  /** The shader for what is stored in f16, written once for the launches that share it. */
  #stored(shader: Shader, halves: readonly string[]): Shader {
    if (halves.length === 0) return shader;
    const key = [shader.code, ...halves].join();
    const stored = this.#halves.get(key) ?? withHalves(shader, halves);
    this.#halves.set(key, stored);
    return { ...stored, constants: shader.constants };
  }

  /**
   * Memory for what one op's launches hand to each other: all ops of a recording share it, and the
   * recording frees it.
   */
  scratch(shape: readonly number[]): Tensor {
    const size = sizeOf(shape);
    if (!this.#scratch || this.#scratch.size < size) {
      this.#scratch = this.owned.use(this.device.tensor("scratch", [size]));
    }
    return this.#scratch.view(0, shape);
  }
}

const isHalf = (bound: Tensor | Texels) => bound instanceof Tensor && bound.dtype === "f16";

interface Dispatch {
  /** What a profile tells of it. */
  facts: TimedLaunch;
  /** Made before it. */
  copies: MatrixCopy[];
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
  workgroups: [number, number, number];
}

/** A list of kernel launches with all buffers bound: running it allocates nothing. */
export class Recording implements Disposable {
  private constructor(
    readonly device: Device,
    readonly label: string,
    private readonly dispatches: Dispatch[],
    private readonly owned: DisposableStack,
  ) {}

  /** Number of dispatches of one run. */
  get length(): number {
    return this.dispatches.length;
  }

  /** Compiles the kernels of a pass and binds their tensors. */
  static async compile(
    device: Device,
    label: string,
    { launches, owned }: Pass,
  ): Promise<Recording> {
    using stack = new DisposableStack();
    stack.use(owned);
    const kernels = await Promise.all(launches.map(({ shader }) => device.kernel(shader)));
    const { params, offsets } = packParams(device, label, kernels, launches);
    if (params) stack.defer(() => params.destroy());
    const textures = stack.use(new MatrixTextures(device));
    const dispatches = launches.map((launch, i) => {
      assertBindings(kernels[i], launch);
      const matrices = textures.plan(kernels[i], launch, i);
      return {
        facts: {
          label: launch.shader.label,
          recording: label,
          operations: launch.operations,
          bytes: bytesOf(Object.values(launch.bindings)),
          copiedBytes: bytesOf(matrices.copies.map(({ source }) => source)),
        },
        copies: matrices.copies,
        pipeline: kernels[i].pipeline,
        group: device.gpu.createBindGroup({
          label: launch.shader.label,
          layout: kernels[i].layout,
          entries: bindingEntries(kernels[i], launch, matrices, params, offsets[i]),
        }),
        workgroups: workgroupsOf(device, kernels[i], launch),
      };
    });
    return new Recording(device, label, dispatches, stack.move());
  }

  /** Submits the launches once, in the order they were written down. */
  run(): void {
    const { profiler } = this.device;
    const encoder = this.device.gpu.createCommandEncoder({ label: this.label });
    let pass: GPUComputePassEncoder | undefined;
    for (const dispatch of this.dispatches) {
      if (profiler || dispatch.copies.length > 0) {
        pass?.end();
        pass = undefined;
        for (const copy of dispatch.copies) encodeCopy(encoder, copy);
      }
      pass ??= encoder.beginComputePass({
        label: this.label,
        timestampWrites: profiler?.next(dispatch.facts),
      });
      encodeDispatch(pass, dispatch);
    }
    pass?.end();
    this.device.gpu.queue.submit([encoder.finish()]);
  }

  /**
   * Adds the launches to a compute pass, so that several recordings go into one submission.
   *
   * @throws {TypeError} if the recording copies matrices, which cannot be done within a pass
   */
  encode(pass: GPUComputePassEncoder): void {
    for (const dispatch of this.dispatches) {
      if (dispatch.copies.length > 0) {
        throw new TypeError(
          `Cannot add ${this.label} to a pass: ${dispatch.facts.label} needs matrices copied before it; run it by itself`,
        );
      }
      encodeDispatch(pass, dispatch);
    }
  }

  /** Frees params, textures and scratch memory; the tensors are their owners'. */
  [Symbol.dispose](): void {
    this.owned.dispose();
  }
}

function bytesOf(memory: readonly (Tensor | Texels)[]): number {
  return memory.reduce((sum, { size }) => sum + 4 * size, 0);
}

function encodeDispatch(
  pass: GPUComputePassEncoder,
  { pipeline, group, workgroups }: Dispatch,
): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...workgroups);
}

function encodeCopy(encoder: GPUCommandEncoder, { source, texture }: MatrixCopy): void {
  const [rows, columns] = matrixSize(source);
  encoder.copyBufferToTexture(
    {
      buffer: source.buffer,
      offset: source.offsetBytes,
      bytesPerRow: widthOf(source.dtype) * columns,
    },
    { texture },
    [columns / 4, rows],
  );
}

/**
 * Workgroups along x, y and z. A long x is folded into y, since WebGPU drops launches over 65,535
 * groups a dimension; such a kernel finds its index by `id.x + id.y * groups.x * BLOCK`.
 */
function workgroupsOf(
  device: Device,
  kernel: Kernel,
  { extent }: Launch,
): [number, number, number] {
  const most = device.gpu.limits.maxComputeWorkgroupsPerDimension;
  const block = (kernel.header as ShaderHeader).workgroupSize[0];
  let [x, y = 1, z = 1] = "threads" in extent
    ? [Math.max(1, Math.ceil(extent.threads / block))]
    : extent.workgroups;
  if ("threads" in extent && x > most) {
    y = Math.ceil(x / most);
    x = Math.ceil(x / y);
  }
  if (x > most || y > most || z > most) {
    throw new RangeError(
      `Cannot launch ${kernel.label} over [${x}, ${y}, ${z}] workgroups: at most ${most} fit a dimension`,
    );
  }
  return [x, y, z];
}
