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
  checkCase,
  distance,
  type HostData,
  hostData,
  normal,
  type Op,
  type OpCase,
  type Reference,
  type Spec,
} from "../../kernels/contract/mod.ts";
import { Device, sizeOf } from "../../kernels/mod.ts";

export {
  accumulate,
  input,
  inTexture,
  normal,
  type OpCase,
  output,
  random,
  scratch,
  type Spec,
  update,
} from "../../kernels/contract/mod.ts";

/** Sizes that meet a block of 64 on, below, above and far from its border. */
export const LADDER = [1, 63, 64, 65, 257];

/** Registers a test that an op keeps promises 2 to 5 in every case. */
export function testOp<O>(name: string, op: Op, reference: Reference, cases: OpCase<O>[]): void {
  Deno.test(name, async (t) => {
    using device = await Device.open();
    for (const one of cases) {
      await t.step(one.label, async () => {
        const fault = await checkCase(device, op, reference, one);
        assert(fault === undefined, `${one.label}, ${fault}`);
      });
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
  const far = distance(actual, expected, tolerance);
  assert(far === undefined, `${where}: ${far}`);
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
        values[key] = hostData(
          spec.dtype,
          Float64Array.from({ length: n }, (_, i) => spec.value(i)),
        );
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
