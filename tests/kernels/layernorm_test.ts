import { assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import {
  layernormBackward,
  layernormForward,
  layernormPartialShape,
  layernormRowsForward,
} from "../../kernels/layernorm/mod.ts";
import * as reference from "../../kernels/layernorm/reference.ts";
import {
  accumulate,
  input,
  LADDER,
  normal,
  output,
  scratch,
  testGradient,
  testOp,
  update,
} from "./contract.ts";

testGradient(
  "layernorm reference: backward is the derivative of forward",
  reference.layernormForward,
  reference.layernormBackward,
  [{
    label: "3 x 5",
    tensors: {
      x: input([3, 5]),
      gain: input([5], normal(3)),
      bias: input([5]),
      y: output([3, 5]),
      mean: output([3], "saved"),
      rstd: output([3], "saved"),
    },
    sizes: { N: 3, C: 5 },
  }],
);

const sizes = LADDER.flatMap((n) => [[n, 20], [9, n], [n, n]]);
const far = (i: number) => 1000 + Math.sin(i);
// Differs from its mean by less than that mean's rounding error: 1/√ε would show the error.
const even = (i: number) => 1000 + (i % 64 === 0 ? 1 / 1024 : 0);

testOp(
  "layernormForward: equals the reference",
  layernormForward,
  reference.layernormForward,
  [
    ...sizes.map(([N, C]) => ({ N, C, bias: true, value: undefined, tolerance: undefined })),
    { N: 65, C: 20, bias: false, value: undefined, tolerance: undefined },
    // A mean far from 0 costs digits of x itself.
    { N: 9, C: 64, bias: true, value: far, tolerance: 1e-3 },
    { N: 9, C: 64, bias: true, value: even, tolerance: 1e-4 },
  ].map(({ N, C, bias, value, tolerance }) => ({
    label: `N = ${N}, C = ${C}${bias ? "" : ", no bias"}${value ? `, ${value.name} values` : ""}`,
    tensors: {
      x: input([N, C], value),
      gain: input([C]),
      ...(bias ? { bias: input([C]) } : {}),
      y: output([N, C]),
      mean: output([N]),
      rstd: output([N]),
    },
    sizes: { N, C },
    // A row of one channel has variance 0, and a reciprocal deviation of 1/√ε.
    tolerance: tolerance ?? (C === 1 ? 1e-4 : 2e-5),
  })),
);

testOp(
  "layernormRowsForward: equals the reference",
  layernormRowsForward,
  (t, { N, C }) => reference.layernormForward({ ...t, ...saved(N) }, { N, C }),
  [
    ...LADDER.map((rows) => ({ rows, N: 257, C: 20, uniform: true })),
    ...LADDER.map((C) => ({ rows: 3, N: 4, C, uniform: true })),
    ...LADDER.map((rows) => ({ rows, N: rows, C: 21, uniform: false })),
    // Rows of which 32 fit a uniform binding, and a row that does not fit.
    { rows: 65, N: 66, C: 512, uniform: true },
    { rows: 2, N: 2, C: 16_388, uniform: true },
  ].map(({ rows, N, C, uniform }) => ({
    label: `${rows} of ${N} x ${C}${uniform ? ", uniform" : ""}`,
    tensors: {
      x: input([N, C]),
      gain: input([C], normal(3)),
      ...(rows % 2 ? { bias: input([C], normal(5)) } : {}),
      y: update([N, C]),
    },
    options: { rows, uniform },
    sizes: { N: rows, C },
    tolerance: C > 10_000 ? 1e-4 : 2e-5,
  })),
);

/** What the forward pass of training keeps beside its result. */
const saved = (N: number) => ({ mean: new Float64Array(N), rstd: new Float64Array(N) });

testOp(
  "layernormBackward: equals the reference",
  layernormBackward,
  reference.layernormBackward,
  [
    ...sizes.filter(([, C]) => C > 1).map(([N, C]) => ({
      N,
      C,
      bias: true,
      add: false,
      frozen: false,
    })),
    { N: 65, C: 20, bias: false, add: false, frozen: false },
    { N: 65, C: 21, bias: true, add: true, frozen: false },
    { N: 65, C: 20, bias: false, add: false, frozen: true },
    { N: 65, C: 20, bias: true, add: false, frozen: true },
  ].map(({ N, C, bias, add, frozen }) => ({
    label: `N = ${N}, C = ${C}${bias ? "" : ", no bias"}${add ? ", accumulate" : ""}${
      frozen ? ", gain frozen" : ""
    }`,
    tensors: {
      x: input([N, C]),
      gain: input([C], normal(3)),
      mean: input([N], normal(5)),
      rstd: input([N], (i) => 0.5 + (i % 7) / 7),
      dy: input([N, C], normal(9)),
      dx: add ? accumulate([N, C]) : output([N, C]),
      ...(frozen ? {} : { dgain: accumulate([C]) }),
      ...(bias ? { dbias: accumulate([C]) } : {}),
      partial: scratch(layernormPartialShape([N, C])),
    },
    options: { accumulate: add },
    sizes: { N, C },
    tolerance: 5e-5,
  })),
);

Deno.test("layernorm: shapes that do not fit are named", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [2, 3]);
  using gain = device.tensor("gain", [4]);
  using rows = device.tensor("rows", [2]);
  assertThrows(
    () => layernormForward(new Pass(device), { x, gain, y: x, mean: rows, rstd: rows }),
    RangeError,
    "Cannot run layernormForward: gain must be [3], got [4]",
  );
});
