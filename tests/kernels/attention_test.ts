import { assert, assertEquals, assertThrows } from "@std/assert";
import { Device, Pass, type Tensor, type TensorData } from "../../kernels/mod.ts";
import {
  attentionBackward,
  attentionForward,
  type AttentionOptions,
  type AttentionTensors,
} from "../../kernels/attention/mod.ts";
import { attentionProblem } from "../../kernels/attention/problem.ts";
import * as reference from "../../kernels/attention/reference.ts";
import { ATTENTION_VARIANTS } from "../../kernels/attention/variants.ts";
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

interface Sizes {
  B: number;
  T: number;
  heads: number;
  /** Channels of a head. */
  HS: number;
  /** Keys of another sequence. @default those of the queries' own */
  Tk?: number;
  /** @default true, unless there is `Tk` */
  causal?: boolean;
  /** Where documents begin, the same in each row but shifted by its number. */
  documents?: number[];
  /** Keys of each row. */
  lengths?: number[];
  value?: (i: number) => number;
  tolerance?: number;
  /** Share of probabilities dropped. */
  dropout?: number;
}

/** Seed, step and place of the masks. */
const [SEED, STEP, LAYER] = [7, 3, 5];

const clock: Spec = input([2], (i) => [SEED, STEP][i], "u32");

/** The tensors that a case reads, and their gradients' shapes. */
function inputsOf({ B, T, Tk, heads, HS, value = normal(), documents, lengths, dropout }: Sizes) {
  const C = heads * HS;
  const start = (b: number, t: number) =>
    Math.max(0, ...documents!.map((at) => at + b).filter((at) => at <= t));
  const shapes: Record<string, number[]> = Tk === undefined
    ? { qkv: [B, T, 3 * C] }
    : { q: [B, T, C], kv: [B, Tk, 2 * C] };
  const inputs: Record<string, Spec> = {
    ...Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, input(shape, value)]),
    ),
    ...(documents && { starts: input([B, T], (i) => start(Math.floor(i / T), i % T), "u32") }),
    ...(lengths && { lengths: input([B], (b) => lengths[b], "u32") }),
    ...(dropout ? { clock } : {}),
  };
  return { inputs, shapes };
}

function optionsOf({ heads, causal, Tk, dropout }: Sizes): AttentionOptions {
  return {
    heads,
    ...((causal ?? Tk === undefined) ? {} : { causal: false }),
    ...(dropout ? { dropout, layer: LAYER } : {}),
  };
}

function sizesOf({ B, T, Tk = T, heads, HS, dropout }: Sizes) {
  const mask = { seed: SEED, step: STEP, layer: LAYER, rate: dropout ?? 0 };
  return {
    ...{ B, Tq: T, Tk, C: heads * HS, heads },
    ...(dropout ? { keep: (i: number) => keepFactor(mask, i) } : {}),
  };
}

function labelOf({ value, tolerance: _, ...sizes }: Sizes): string {
  return JSON.stringify(sizes) + (value ? " large" : "");
}

function forward(given: Sizes): OpCase<AttentionOptions> {
  const { B, T, heads, HS, tolerance = 2e-5 } = given;
  return {
    label: labelOf(given),
    tensors: {
      ...inputsOf(given).inputs,
      y: output([B, T, heads * HS]),
      lse: output([B, heads, T]),
    },
    options: optionsOf(given),
    sizes: sizesOf(given),
    tolerance,
  };
}

/** A case of the backward pass, with y and lse as the forward pass leaves them. */
function backward(given: Sizes): OpCase<AttentionOptions> {
  const { B, T, heads, HS } = given;
  const C = heads * HS;
  const { inputs, shapes } = inputsOf(given);
  const data = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype, value }]) => {
      const values = Float64Array.from(
        { length: shape.reduce((a, b) => a * b) },
        (_, i) => Math.fround(value(i)),
      );
      return [name, dtype === "u32" ? Uint32Array.from(values) : values];
    }),
  );
  const y = new Float64Array(B * T * C);
  const lse = new Float64Array(B * heads * T);
  const options = optionsOf(given);
  const sizes = sizesOf(given);
  reference.attentionForward(
    { ...data, y, lse } as reference.AttentionArrays,
    { ...sizes, ...options },
  );
  const saved = (shape: number[], values: ArrayLike<number>, dtype: Spec["dtype"] = "f32"): Spec =>
    input(shape, (i) => values[i], dtype);
  return {
    label: labelOf(given),
    tensors: {
      ...Object.fromEntries(
        Object.entries(inputs).map(([name, { shape, dtype }]) => [
          name,
          saved(shape, data[name], dtype),
        ]),
      ),
      y: saved([B, T, C], y),
      lse: saved([B, heads, T], lse),
      dy: input([B, T, C], normal(5)),
      ...Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [`d${name}`, output(shape)]),
      ),
      delta: output([B, heads, T]),
    },
    options,
    sizes,
    tolerance: given.tolerance ?? 1e-4,
  };
}

/** Keeps about half of the probabilities, doubled. */
const half = (element: number) => element % 3 === 1 ? 0 : 2;

testGradient(
  "attention reference: backward is the derivative of forward",
  reference.attentionForward,
  reference.attentionBackward,
  [
    { B: 2, T: 5, heads: 2, HS: 3 },
    { B: 1, T: 4, heads: 1, HS: 4, dropout: 0.5 },
    { B: 2, T: 5, heads: 1, HS: 3, documents: [0, 2, 3] },
    { B: 2, T: 4, heads: 2, HS: 2, causal: false, lengths: [4, 2] },
    { B: 3, T: 3, Tk: 5, heads: 1, HS: 3, lengths: [5, 0, 1] },
  ].map((given: Sizes) => ({
    label: labelOf(given),
    tensors: {
      ...inputsOf({ ...given, dropout: undefined }).inputs,
      y: output([given.B, given.T, given.heads * given.HS]),
      lse: output([given.B, given.heads, given.T], "saved"),
      delta: output([given.B, given.heads, given.T], "saved"),
    },
    sizes: {
      ...{ ...sizesOf(given), ...optionsOf(given) },
      ...(given.dropout ? { keep: half } : { keep: undefined }),
    },
  })),
);

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
  // Documents: of one token, on, before and behind the border of a block, one over all.
  ...LADDER.map((T) => ({ B: 2, T, heads: 2, HS: 8, documents: [1, 2, 31, 32, 63, 128, 200] })),
  { B: 2, T: 40, heads: 1, HS: 3, documents: [5, 6, 20] },
  { B: 2, T: 21, heads: 3, HS: 4, documents: [9, 17], dropout: 0.3 },
  // Rows of all lengths, none among them, each query seeing all keys.
  ...LADDER.map((T) => ({
    ...{ B: 4, T, heads: 2, HS: 8, causal: false },
    lengths: [T, 0, 1, Math.ceil(T / 2)],
  })),
  { B: 2, T: 21, heads: 3, HS: 20, causal: false },
  // Keys of another sequence.
  ...LADDER.map((Tk) => ({ B: 3, T: 9, Tk, heads: 2, HS: 8, lengths: [Tk, 0, Math.ceil(Tk / 3)] })),
  ...LADDER.map((T) => ({ B: 2, T, Tk: 17, heads: 2, HS: 8 })),
  ...[1, 20].map((HS) => ({ B: 2, T: 13, Tk: 7, heads: 2, HS, lengths: [7, 5] })),
  { B: 2, T: 5, Tk: 21, heads: 3, HS: 4, lengths: [20, 3], dropout: 0.3 },
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

Deno.test("attention: every variant gives the same bits, whatever the mask", async (t) => {
  using device = await Device.open();
  const shape = { B: 2, T: 150, heads: 8, HS: 8 };
  const masks: Sizes[] = [
    shape,
    { ...shape, documents: [5, 64, 65, 140] },
    { ...shape, causal: false, lengths: [150, 70] },
    { ...shape, Tk: 70, lengths: [66, 0] },
  ];
  for (const given of masks) {
    await t.step(labelOf(given), async () => {
      const { tensors: specs, options } = backward(given);
      using stack = new DisposableStack();
      const tensors: Record<string, Tensor> = {};
      for (const [name, { shape, dtype, value }] of Object.entries(specs)) {
        const tensor = tensors[name] = stack.use(device.tensor(name, shape, dtype));
        const data = dtype === "u32" ? new Uint32Array(tensor.size) : new Float32Array(tensor.size);
        tensor.write(data.map((_, i) => value(i)) as TensorData);
      }
      const problem = attentionProblem("attention", tensors as never, options!);
      const results: Record<string, Uint32Array[]> = {};
      for (const variant of ATTENTION_VARIANTS) {
        assert(variant.fits(problem), variant.name);
        using recording = await device.record(variant.name, (pass) => {
          variant.forward(pass, problem);
          variant.backward(pass, problem);
        });
        recording.run();
        const read = await device.read(Object.values(tensors));
        results[variant.name] = read.map((bytes) => new Uint32Array(bytes));
      }
      for (const variant of ["texture", "tile"]) {
        assertEquals(results[variant], results.plain, variant);
      }
    });
  }
});

Deno.test("attention: wrong shapes and tensors that do not go together are refused", async () => {
  using device = await Device.open();
  using qkv = device.tensor("qkv", [2, 3, 24]);
  using y = device.tensor("y", [2, 3, 8]);
  using kv = device.tensor("kv", [2, 5, 16]);
  using lse = device.tensor("lse", [2, 2, 3]);
  using lengths = device.tensor("lengths", [2], "u32");
  using starts = device.tensor("starts", [2, 3], "u32");
  const pass = new Pass(device);
  const refused = (
    tensors: Partial<AttentionTensors>,
    options: AttentionOptions,
    message: string,
    Kind: new (message: string) => Error = TypeError,
  ) =>
    assertThrows(
      () => attentionForward(pass, { y, lse, ...tensors }, options),
      Kind,
      `Cannot run attentionForward: ${message}`,
    );
  const ratio = "C / heads must be a whole number up to 128, got 8 / 3";
  refused({ qkv }, { heads: 3 }, ratio, RangeError);
  refused({ qkv: y }, { heads: 2 }, "qkv must be [2,3,24], got [2,3,8]", RangeError);
  const flat = lse.view(0, [12]);
  refused({ qkv, y: flat }, { heads: 2 }, "y must be [B, T, C], got [12]", RangeError);
  const wide = "kv must be [2,3,16], got [2,3,24]";
  refused({ q: y, kv: qkv }, { heads: 2, causal: false }, wide, RangeError);
  refused({ qkv }, { heads: 2, dropout: 0.1 }, "dropout needs a clock");
  refused({}, { heads: 2 }, "wanted either qkv, or q and kv");
  refused({ qkv, q: y }, { heads: 2 }, "wanted either qkv, or q and kv");
  const other = "keys of another sequence can't be seen causally; give causal: false";
  refused({ q: y, kv }, { heads: 2 }, other);
  refused({ qkv, lengths }, { heads: 2 }, "lengths are for attention that is not causal");
  const early = "starts are for causal attention";
  refused({ q: y, kv, starts }, { heads: 2, causal: false }, early);
});

Deno.test("attention: at T = 1,024 it takes under an eighth of what scores of all pairs take", async () => {
  using device = await Device.open();
  using plan = device.planning();
  const [B, T, C, heads] = [2, 1024, 384, 12];
  const [qkv, dqkv] = ["qkv", "dqkv"].map((name) => plan.tensor(name, [B, T, 3 * C]));
  const [y, dy] = ["y", "dy"].map((name) => plan.tensor(name, [B, T, C]));
  const given = plan.allocatedBytes;
  const [lse, delta] = ["lse", "delta"].map((name) => plan.tensor(name, [B, heads, T]));
  using _ = await plan.record("attention", (pass) => {
    attentionForward(pass, { qkv, y, lse }, { heads });
    attentionBackward(pass, { qkv, y, lse, dy, dqkv, delta }, { heads });
  });
  // A plain one keeps the probabilities for the way back, and has their gradients there.
  const plain = 2 * 4 * B * heads * T * T;
  const taken = plan.allocatedBytes - given;
  assert(taken < plain / 8, `${taken} bytes beside queries, keys, values and results`);
});
