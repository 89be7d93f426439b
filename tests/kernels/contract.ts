/**
 * The promises every op keeps, checked in one place:
 * 1. its reference's backward agrees with finite differences of the reference's forward,
 * 2. the GPU agrees with the float64 reference, NaN failing,
 * 3. what it overwrites does not depend on old contents, what it accumulates adds to them,
 * 4. inputs and the memory after each tensor stay untouched,
 * 5. two runs give the same bits.
 */
import { assert } from "@std/assert";
import {
  Device,
  type DType,
  type Pass,
  type Recording,
  sizeOf,
  type Tensor,
  type Texels,
} from "../../kernels/mod.ts";

/** Sizes that meet a block of 64 on, below, above and far from its border. */
export const LADDER = [1, 63, 64, 65, 257];

/** What a case says of one tensor. */
export interface Spec {
  shape: number[];
  role: "input" | "output" | "saved" | "accumulate" | "update" | "scratch";
  dtype: DType;
  /** Element i of the tensor before the op. */
  value: (i: number) => number;
  /** Whether the op gets it in a texture. @default false */
  texels?: boolean;
}

type HostData = Float64Array | Uint32Array | Int32Array;

/** A tensor the op reads; normal random values unless `value` says otherwise. */
export function input(shape: number[], value?: (i: number) => number, dtype: DType = "f32"): Spec {
  return { shape, role: "input", dtype, value: value ?? normal() };
}

/** A tensor the op overwrites: filled with NaN before. `saved` ones are no part of the result's gradient. */
export function output(shape: number[], role: "output" | "saved" = "output"): Spec {
  return { shape, role, dtype: "f32", value: () => NaN };
}

/** A tensor the op adds to. */
export function accumulate(shape: number[]): Spec {
  return { shape, role: "accumulate", dtype: "f32", value: normal() };
}

/** The same tensor in a texture. */
export function inTexture(spec: Spec): Spec {
  return { ...spec, texels: true };
}

/** A tensor the op reads and changes. */
export function update(
  shape: number[],
  value?: (i: number) => number,
  dtype: DType = "f32",
): Spec {
  return { shape, role: "update", dtype, value: value ?? normal() };
}

/** Normal random numbers, the same at every run. */
export function normal(seed = 1): () => number {
  const uniform = random(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Random numbers in [0, 1), the same at every run (Lehmer, Park & Miller 1988). */
export function random(seed = 1): () => number {
  let state = (seed * 48271 + 11) % 2147483647;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** A tensor the op works in; what it leaves there does not matter. */
export function scratch(shape: number[], dtype: DType = "f32"): Spec {
  return { shape, role: "scratch", dtype, value: dtype === "f32" ? () => NaN : () => 0 };
}

/** One set of sizes, values and options to try an op with. */
export interface OpCase<O> {
  label: string;
  tensors: Record<string, Spec>;
  /** Options of the op. */
  options?: O;
  /** Sizes for the reference, which sees flat arrays. */
  sizes?: Record<string, unknown>;
  /** Allowed |gpu − reference|, relative to the larger of 1 and |reference|. @default 2e-5 */
  tolerance?: number;
}

// deno-lint-ignore no-explicit-any -- ops and references name their tensors each in its own way
type Op = (pass: Pass, tensors: any, options: any) => void;
// deno-lint-ignore no-explicit-any
type Reference = (tensors: any, sizesAndOptions: any) => void;

/** Registers a test that an op keeps promises 2 to 5 in every case. */
export function testOp<O>(name: string, op: Op, reference: Reference, cases: OpCase<O>[]): void {
  Deno.test(name, async (t) => {
    using device = await Device.open();
    for (const one of cases) await t.step(one.label, () => runCase(device, op, reference, one));
  });
}

const GUARD = 64; // elements after each tensor that must stay as they were
const GUARD_VALUE = 12345;

async function runCase<O>(device: Device, op: Op, reference: Reference, one: OpCase<O>) {
  const { tensors: specs, options, sizes, tolerance = 2e-5 } = one;
  using stack = new DisposableStack();
  const tensors: Record<string, Tensor | Texels> = {};
  const textures: [Texels, Tensor][] = [];
  const whole: Record<string, Tensor> = {};
  const before: Record<string, Float32Array | Uint32Array | Int32Array> = {};
  const expected: Record<string, HostData> = {};
  for (const [name, { shape, dtype, value, texels }] of Object.entries(specs)) {
    const n = sizeOf(shape);
    const data = typed(dtype, n + GUARD).fill(GUARD_VALUE);
    for (let i = 0; i < n; i++) data[i] = value(i);
    before[name] = data;
    expected[name] = host(dtype, data.subarray(0, n));
    whole[name] = stack.use(device.tensor(name, [n + GUARD], dtype));
    tensors[name] = whole[name].view(0, shape);
    if (texels) {
      const texture = stack.use(device.texels(name, shape));
      textures.push([texture, whole[name].view(0, shape)]);
      tensors[name] = texture;
    }
  }
  reference(expected, { ...sizes, ...options });
  const recording: Recording = stack.use(
    await device.record(one.label, (pass) => op(pass, tensors, options)),
  );
  const run = async () => {
    for (const name in specs) whole[name].write(before[name] as Float32Array<ArrayBuffer>);
    for (const [texture, tensor] of textures) texture.copyFrom(tensor);
    recording.run();
    for (const [texture, tensor] of textures) texture.copyTo(tensor);
    return await device.read(Object.values(whole));
  };
  const [first, second] = [await run(), await run()];
  Object.entries(specs).forEach(([name, { dtype, role, shape }], i) => {
    const where = `${one.label}, ${name} [${shape}]`;
    assert(sameBits(first[i], second[i]), `${where}: two runs differ`);
    const actual = typed(dtype, first[i]);
    const n = sizeOf(shape);
    assert(actual.subarray(n).every((v) => v === GUARD_VALUE), `${where}: wrote past the end`);
    if (role === "input") {
      assert(sameBits(actual.buffer, before[name].buffer), `${where}: an input was changed`);
    } else if (role !== "scratch") {
      assertClose(actual.subarray(0, n), expected[name], tolerance, where);
    }
  });
}

/** Compares so that NaN fails; tells the worst element and the first ones. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  where: string,
): void {
  let worst = -1, most = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
    const ok = error <= tolerance || actual[i] === expected[i];
    if (!ok && !(error <= most)) [worst, most] = [i, error];
  }
  assert(
    worst < 0,
    `${where}: element ${worst} is ${actual[worst]}, expected ${
      expected[worst]
    } (error ${most} > ${tolerance}); ` +
      `first: ${Array.from(actual).slice(0, 4)} expected ${Array.from(expected).slice(0, 4)}`,
  );
}

/** A reference pair to check against finite differences. */
export interface GradientCase {
  label: string;
  /** The forward's tensors: gradients are taken of f32 inputs, summed over outputs. */
  tensors: Record<string, Spec>;
  sizes?: Record<string, unknown>;
  /** Inputs without a gradient, such as masks and weights. */
  constant?: string[];
}

/** Registers a test of promise 1: `d` before a name marks its gradient. */
export function testGradient(
  name: string,
  forward: Reference,
  backward: Reference,
  cases: GradientCase[],
): void {
  Deno.test(name, () => {
    for (const { label, tensors, sizes = {}, constant = [] } of cases) {
      const values: Record<string, HostData> = {};
      for (const [key, spec] of Object.entries(tensors)) {
        const n = sizeOf(spec.shape);
        values[key] = host(spec.dtype, Float64Array.from({ length: n }, (_, i) => spec.value(i)));
      }
      const named = (role: Spec["role"]) =>
        Object.keys(tensors).filter((k) => tensors[k].role === role);
      const inputs = named("input").filter((k) =>
        tensors[k].dtype === "f32" && !constant.includes(k)
      );
      const outputs = named("output");
      forward(values, sizes);
      const gradients: Record<string, Float64Array> = {};
      const pick = normal(7);
      for (const key of outputs) {
        gradients[`d${key}`] = (values[key] as Float64Array).map(() => pick());
      }
      for (const key of inputs) gradients[`d${key}`] = new Float64Array(values[key].length);
      backward({ ...values, ...gradients }, sizes);
      const loss = () => {
        const probe = { ...values };
        for (const key of [...outputs, ...named("saved")]) {
          probe[key] = new Float64Array(values[key].length).fill(NaN);
        }
        forward(probe, sizes);
        return outputs.reduce(
          (sum, key) =>
            sum +
            (probe[key] as Float64Array).reduce((s, v, i) => s + v * gradients[`d${key}`][i], 0),
          0,
        );
      };
      for (const key of inputs) {
        const x = values[key];
        const numeric = Float64Array.from(x, (value, i) => {
          const h = 1e-5;
          x[i] = value + h;
          const above = loss();
          x[i] = value - h;
          const below = loss();
          x[i] = value;
          return (above - below) / (2 * h);
        });
        assertClose(gradients[`d${key}`], numeric, 1e-6, `${label}, d${key}`);
      }
    }
  });
}

function typed(
  dtype: DType,
  content: number | ArrayBuffer,
): Float32Array | Uint32Array | Int32Array {
  const Type = { f32: Float32Array, u32: Uint32Array, i32: Int32Array }[dtype];
  return new Type(content as ArrayBuffer);
}

function host(dtype: DType, data: ArrayLike<number>): HostData {
  if (dtype === "f32") return Float64Array.from(data);
  return dtype === "u32" ? Uint32Array.from(data) : Int32Array.from(data);
}

function sameBits(a: ArrayBufferLike, b: ArrayBufferLike): boolean {
  const [x, y] = [new Uint32Array(a), new Uint32Array(b)];
  return x.length === y.length && x.every((bits, i) => bits === y[i]);
}
