import type { Device, Kernel } from "./device.ts";
import type { LaunchMatrices } from "./matrix_textures.ts";
import type { Launch } from "./recording.ts";
import type { ShaderBinding } from "./shader.ts";
import { type DType, Tensor, wholeWords } from "./tensor.ts";
import { Texels } from "./texels.ts";

/** Lays the params of all launches into one uniform buffer; equal params share a slot. */
export function packParams(
  device: Device,
  label: string,
  kernels: Kernel[],
  launches: Launch[],
): { params: GPUBuffer | undefined; offsets: number[] } {
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
  if (end === 0) return { params: undefined, offsets };
  const data = new Uint8Array(end);
  let offset = 0;
  for (const bytes of packed) {
    data.set(bytes, offset);
    offset += Math.ceil(bytes.length / align) * align;
  }
  const usage = 0x40 | 0x08; // UNIFORM | COPY_DST
  const params = device.gpu.createBuffer({ label: `${label} params`, size: end, usage });
  device.gpu.queue.writeBuffer(params, 0, data);
  return { params, offsets };
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

/** Checks that a launch gives what its shader declares. */
export function assertBindings({ label, header }: Kernel, { bindings }: Launch): void {
  const names = header.bindings.map(({ name }) => name);
  assertSameNames(label, "bindings", names, Object.keys(bindings));
  for (const declared of header.bindings) assertBindable(label, declared, bindings[declared.name]);
}

/** Entries of a launch's bind group. */
export function bindingEntries(
  { header }: Kernel,
  { bindings }: Launch,
  { views }: LaunchMatrices,
  params: GPUBuffer | undefined,
  offset: number,
): GPUBindGroupEntry[] {
  const entries: GPUBindGroupEntry[] = header.bindings.map(({ name, binding }) => {
    const given = bindings[name];
    const view = given instanceof Texels ? given.view : views.get(name);
    if (view) return { binding, resource: view };
    const { buffer, offsetBytes: offset, bytes } = given as Tensor;
    return { binding, resource: { buffer, offset, size: wholeWords(bytes) } };
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
  if (memory === "texture" || memory === "matrix") return;
  const most = memory === "storage"
    ? device.maxBindingBytes
    : device.gpu.limits.maxUniformBufferBindingSize;
  if (given.bytes > most) {
    throw new RangeError(
      `Cannot bind ${given.label} [${shape}] to ${label}.${name}: ${given.bytes} bytes are over this adapter's ${most} a binding; use a smaller batch or model`,
    );
  }
  if (given.size < 4 * length) {
    throw new RangeError(
      `Cannot bind ${given.label} [${shape}] to ${label}.${name}: ${4 * length} elements wanted`,
    );
  }
}

const SCALARS: Record<string, DType | undefined> = {
  ...{ vec4f: "f32", vec2f: "f32", vec4h: "f16", vec4u: "u32" },
};

function assertSameNames(label: string, what: string, wanted: string[], given: string[]): void {
  const missing = wanted.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !wanted.includes(name));
  if (missing.length + unknown.length === 0) return;
  throw new TypeError(
    `Cannot launch ${label}: ${what} [${wanted}] wanted; missing [${missing}], unknown [${unknown}]`,
  );
}
