import { assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import {
  attentionBackward,
  attentionForward,
  type AttentionOptions,
} from "../../kernels/attention/mod.ts";
import * as reference from "../../kernels/attention/reference.ts";
import { keepFactor } from "../../kernels/random/reference.ts";
import {
  input,
  LADDER,
  normal,
  type OpCase,
  output,
  type Spec,
  testGradient,
  testOp,
} from "./contract.ts";

/** Keeps about half of the probabilities, doubled. */
const half = (element: number) => element % 3 === 1 ? 0 : 2;

testGradient(
  "attention reference: backward is the derivative of forward",
  reference.attentionForward,
  reference.attentionBackward,
  [
    { B: 2, T: 5, C: 6, heads: 2 },
    { B: 1, T: 4, C: 4, heads: 1, keep: half },
  ].map((sizes) => {
    const { B, T, C, heads } = sizes;
    return {
      label: JSON.stringify(sizes),
      tensors: {
        qkv: input([B, T, 3 * C]),
        y: output([B, T, C]),
        lse: output([B, heads, T], "saved"),
        delta: output([B, heads, T], "saved"),
      },
      sizes,
    };
  }),
);

interface Sizes {
  B: number;
  T: number;
  heads: number;
  /** Channels of a head. */
  HS: number;
  value?: (i: number) => number;
  tolerance?: number;
  /** Share of probabilities dropped. */
  dropout?: number;
}

/** Seed, step and place of the masks. */
const [SEED, STEP, LAYER] = [7, 3, 5];

const clock: Spec = input([2], (i) => [SEED, STEP][i], "u32");

function forward(
  { B, T, heads, HS, value, tolerance = 2e-5, dropout }: Sizes,
): OpCase<AttentionOptions> {
  const C = heads * HS;
  const mask = { seed: SEED, step: STEP, layer: LAYER, rate: dropout ?? 0 };
  return {
    label: `B ${B}, T ${T}, heads ${heads} of ${HS}${value ? ", large" : ""}${
      dropout ? `, dropout ${dropout}` : ""
    }`,
    tensors: {
      qkv: input([B, T, 3 * C], value),
      y: output([B, T, C]),
      lse: output([B, heads, T]),
      ...(dropout ? { clock } : {}),
    },
    options: { heads, ...(dropout ? { dropout, layer: LAYER } : {}) },
    sizes: { B, T, C, ...(dropout ? { keep: (i: number) => keepFactor(mask, i) } : {}) },
    tolerance,
  };
}

/** A case of the backward pass, with y and lse as the forward pass leaves them. */
function backward(given: Sizes): OpCase<AttentionOptions> {
  const { B, T, heads, HS, value = normal() } = given;
  const C = heads * HS;
  const qkv = Float64Array.from({ length: B * T * 3 * C }, (_, i) => Math.fround(value(i)));
  const y = new Float64Array(B * T * C);
  const lse = new Float64Array(B * heads * T);
  const saved = (shape: number[], data: Float64Array): Spec => input(shape, (i) => data[i]);
  const { label, options, sizes } = forward(given);
  reference.attentionForward({ qkv, y, lse }, { ...sizes, heads } as reference.AttentionSizes);
  return {
    label,
    tensors: {
      qkv: saved([B, T, 3 * C], qkv),
      y: saved([B, T, C], y),
      lse: saved([B, heads, T], lse),
      dy: input([B, T, C], normal(5)),
      dqkv: output([B, T, 3 * C]),
      delta: output([B, heads, T]),
      ...(given.dropout ? { clock } : {}),
    },
    options,
    sizes,
    tolerance: given.tolerance ?? 1e-4,
  };
}

// Head sizes of each number of rows a thread owns, in vectors and in scalars.
const HEAD_SIZES = [1, 3, 4, 16, 20, 31, 64, 65, 128];

const cases: Sizes[] = [
  ...LADDER.map((T) => ({ B: 1, T, heads: 2, HS: 8 })),
  ...HEAD_SIZES.map((HS) => ({ B: 2, T: 13, heads: 2, HS })),
  { B: 65, T: 3, heads: 1, HS: 4 },
  { B: 1, T: 7, heads: 63, HS: 2 },
  { B: 1, T: 1, heads: 1, HS: 64 },
  // One case of each number of rows a thread owns.
  ...[4, 20, 65].map((HS) => ({ B: 2, T: 21, heads: 3, HS, dropout: 0.3 })),
];

const large = (size: number) => {
  const random = normal();
  return () => size * random();
};

testOp("attentionForward: equals the reference", attentionForward, reference.attentionForward, [
  ...cases.map(forward),
  forward({ B: 1, T: 1024, heads: 1, HS: 4 }),
  // Scores in the thousands: a softmax that does not take the maximum away overflows.
  forward({ B: 1, T: 33, heads: 2, HS: 16, value: large(30), tolerance: 5e-4 }),
]);

testOp("attentionBackward: equals the reference", attentionBackward, reference.attentionBackward, [
  ...cases.map(backward),
  backward({ B: 1, T: 1024, heads: 1, HS: 4 }),
]);

Deno.test("attention: wrong shapes are refused", async () => {
  using device = await Device.open();
  using qkv = device.tensor("qkv", [2, 3, 24]);
  using y = device.tensor("y", [2, 3, 8]);
  using lse = device.tensor("lse", [2, 2, 3]);
  const pass = new Pass(device);
  assertThrows(
    () => attentionForward(pass, { qkv, y, lse }, { heads: 3 }),
    RangeError,
    "Cannot run attentionForward: C / heads must be a whole number up to 128, got 8 / 3",
  );
  assertThrows(
    () => attentionForward(pass, { qkv: y, y, lse }, { heads: 2 }),
    RangeError,
    "Cannot run attentionForward: qkv must be [2,3,24], got [2,3,8]",
  );
  assertThrows(
    () => attentionForward(pass, { qkv, y: lse.view(0, [12]), lse }, { heads: 2 }),
    RangeError,
    "Cannot run attentionForward: y must be [B, T, C], got [12]",
  );
  assertThrows(
    () => attentionForward(pass, { qkv, y, lse }, { heads: 2, dropout: 0.1 }),
    TypeError,
    "Cannot run attentionForward: dropout needs a clock",
  );
});
