import type { Device, Kernel } from "./device.ts";
import type { Shader, ShaderBinding, ShaderHeader } from "./shader.ts";
import { type DType, Tensor } from "./tensor.ts";
import { Texels } from "./texels.ts";

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
}

/** Collects kernel launches; every op of `kernels/` takes one as its first argument. */
export class Pass {
  /** The launches so far, in order. */
  readonly launches: Launch[] = [];

  /**
   * Begins an empty list.
   *
   * @param device where the launches will run
   */
  constructor(readonly device: Device) {}

  /**
   * Writes down one launch.
   *
   * @param bindings a tensor, or texels, for each binding of the shader, by its WGSL name
   * @param params a number for each field of the shader's `Params`
   */
  launch(
    shader: Shader,
    bindings: Record<string, Tensor | Texels>,
    params: Record<string, number>,
    extent: Extent,
  ): void {
    this.launches.push({ shader, bindings, params, extent });
  }
}

interface Dispatch {
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
    private readonly params: GPUBuffer | undefined,
  ) {}

  /** Number of dispatches of one run. */
  get length(): number {
    return this.dispatches.length;
  }

  /** Compiles the kernels of `launches` and binds their tensors. */
  static async compile(device: Device, label: string, launches: Launch[]): Promise<Recording> {
    const kernels = await Promise.all(launches.map(({ shader }) => device.kernel(shader)));
    const slots = packParams(device, kernels, launches);
    const params = slots.data.byteLength === 0 ? undefined : device.gpu.createBuffer({
      label: `${label} params`,
      size: slots.data.byteLength,
      usage: 0x40 | 0x08, // UNIFORM | COPY_DST
    });
    if (params) device.gpu.queue.writeBuffer(params, 0, slots.data);
    const dispatches = launches.map((launch, i) => ({
      pipeline: kernels[i].pipeline,
      group: device.gpu.createBindGroup({
        label: launch.shader.label,
        layout: kernels[i].layout,
        entries: bindingEntries(kernels[i], launch, params, slots.offsets[i]),
      }),
      workgroups: workgroupsOf(device, kernels[i], launch),
    }));
    return new Recording(device, label, dispatches, params);
  }

  /** Submits the launches once, in the order they were written down. */
  run(): void {
    const encoder = this.device.gpu.createCommandEncoder({ label: this.label });
    const pass = encoder.beginComputePass({ label: this.label });
    this.encode(pass);
    pass.end();
    this.device.gpu.queue.submit([encoder.finish()]);
  }

  /** Adds the launches to a compute pass, so that several recordings go into one submission. */
  encode(pass: GPUComputePassEncoder): void {
    for (const { pipeline, group, workgroups } of this.dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...workgroups);
    }
  }

  /** Frees the params; the tensors are their owners'. */
  [Symbol.dispose](): void {
    this.params?.destroy();
  }
}

/** Lays the params of all launches into one uniform buffer; equal params share a slot. */
function packParams(device: Device, kernels: Kernel[], launches: Launch[]) {
  const align = device.gpu.limits.minUniformBufferOffsetAlignment;
  const slots = new Map<string, number>();
  const packed: Uint8Array[] = [];
  let end = 0;
  const offsets = launches.map((launch, i) => {
    const bytes = paramsBytes(kernels[i], launch);
    const key = bytes.join();
    let offset = slots.get(key);
    if (offset === undefined) {
      slots.set(key, offset = end);
      packed.push(bytes);
      end += Math.ceil(bytes.length / align) * align;
    }
    return offset;
  });
  const data = new Uint8Array(end);
  let offset = 0;
  for (const bytes of packed) {
    data.set(bytes, offset);
    offset += Math.ceil(bytes.length / align) * align;
  }
  return { data, offsets };
}

function paramsBytes({ label, header }: Kernel, { params }: Launch): Uint8Array {
  const fields = header.params?.fields ?? [];
  assertSameNames(label, "params", fields.map(({ name }) => name), Object.keys(params));
  const view = new DataView(new ArrayBuffer(Math.ceil(fields.length / 4) * 16));
  fields.forEach(({ name, type }, i) => {
    if (type === "f32") return view.setFloat32(4 * i, params[name], true);
    const value = params[name];
    if (!Number.isInteger(value) || value > 0xffffffff || (type === "u32" && value < 0)) {
      throw new RangeError(`Cannot launch ${label}: param ${name} must be ${type}, got ${value}`);
    }
    return type === "u32" ? view.setUint32(4 * i, value, true) : view.setInt32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}

function bindingEntries(
  { label, header }: Kernel,
  { bindings }: Launch,
  params: GPUBuffer | undefined,
  offset: number,
): GPUBindGroupEntry[] {
  const names = header.bindings.map(({ name }) => name);
  assertSameNames(label, "bindings", names, Object.keys(bindings));
  const entries: GPUBindGroupEntry[] = header.bindings.map((declared) => {
    const given = bindings[declared.name];
    assertBindable(label, declared, given);
    if (given instanceof Texels) return { binding: declared.binding, resource: given.view };
    const { buffer, offsetBytes: offset, bytes } = given;
    return { binding: declared.binding, resource: { buffer, offset, size: Math.max(bytes, 4) } };
  });
  if (header.params) {
    const size = Math.ceil(header.params.fields.length / 4) * 16;
    entries.push({ binding: header.params.binding, resource: { buffer: params!, offset, size } });
  }
  return entries;
}

function assertBindable(
  label: string,
  { name, memory, element, length = 0 }: ShaderBinding,
  given: Tensor | Texels,
): void {
  const { device, shape } = given;
  const scalar: DType = SCALARS[element] ?? element as DType;
  const wanted = memory === "texture" ? "texels" : `a tensor of ${scalar}`;
  const found = given instanceof Tensor ? `a tensor of ${given.dtype}` : "texels";
  if (found !== wanted) {
    throw new TypeError(
      `Cannot bind ${given.label} to ${label}.${name}: ${wanted} wanted, ${found} given`,
    );
  }
  if (memory === "texture") return;
  const most = memory === "storage"
    ? device.maxBindingBytes
    : device.gpu.limits.maxUniformBufferBindingSize;
  if (given.bytes > most) {
    throw new RangeError(
      `Cannot bind ${given.label} [${shape}] to ${label}.${name}: ${given.bytes} bytes are over this adapter's ${most} a binding`,
    );
  }
  if (given.size < 4 * length) {
    throw new RangeError(
      `Cannot bind ${given.label} [${shape}] to ${label}.${name}: ${4 * length} elements wanted`,
    );
  }
}

const SCALARS: Record<string, DType | undefined> = { vec4f: "f32", vec2f: "f32", vec4u: "u32" };

function assertSameNames(label: string, what: string, wanted: string[], given: string[]): void {
  const missing = wanted.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !wanted.includes(name));
  if (missing.length + unknown.length === 0) return;
  throw new TypeError(
    `Cannot launch ${label}: ${what} [${wanted}] wanted; missing [${missing}], unknown [${unknown}]`,
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
