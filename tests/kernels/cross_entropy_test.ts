import { assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import {
  crossEntropyBackward,
  crossEntropyForward,
  type CrossEntropyOptions,
} from "../../kernels/cross_entropy/mod.ts";
import * as reference from "../../kernels/cross_entropy/reference.ts";
import {
  input,
  LADDER,
  normal,
  type OpCase,
  output,
  testGradient,
  testOp,
  update,
} from "./contract.ts";

/** Each row's target; every fifth row has none. */
const targetOf = (V: number) => (i: number) => i % 5 === 3 ? -1 : (i * 7919) % V;

testGradient(
  "cross-entropy reference: backward is the derivative of forward",
  reference.crossEntropyForward,
  // The op's gradient is of a sum of losses; the test's weighs each loss with a dlosses of its own.
  ({ logits, dlogits, dlosses, targets, weights }, sizes) => {
    dlogits.set(logits);
    const each = weights.map((w: number, i: number) => w * dlosses[i]);
    const losses = new Float64Array(targets.length);
    const t = { logits: dlogits, targets, weights: each, losses, scale: Float64Array.of(1) };
    reference.crossEntropyBackward(t, sizes);
  },
  [{ V: 5 }, { V: 5, smoothing: 0.3 }].map((sizes) => ({
    label: JSON.stringify(sizes),
    tensors: {
      logits: input([7, 5]),
      targets: input([7], targetOf(5), "i32"),
      weights: input([7], (i) => i / 2),
      losses: output([7]),
    },
    sizes,
    constant: ["weights"],
  })),
);

interface Values {
  weighted?: boolean;
  logit?: (i: number) => number;
  target?: (i: number) => number;
  smoothing?: number;
}

function rows(
  label: string,
  n: number,
  V: number,
  values: Values,
  backward: boolean,
): OpCase<CrossEntropyOptions> {
  const { weighted = false, logit = normal(), target = targetOf(V), smoothing } = values;
  return {
    label: `${label} ${n}x${V}${weighted ? " weighted" : ""}${smoothing ? " smoothed" : ""}`,
    tensors: {
      logits: backward ? update([n, V], logit) : input([n, V], logit),
      targets: input([n], target, "i32"),
      ...(weighted ? { weights: input([n], (i) => i % 3) } : {}),
      ...(backward ? { scale: input([1], () => 0.25) } : {}),
      losses: output([n]),
    },
    options: smoothing ? { smoothing } : {},
    sizes: { V },
  };
}

const huge = (i: number) => [1e4, -1e4, 9999, 0, 3][(i * 31) % 5];

const cases = (backward: boolean): OpCase<CrossEntropyOptions>[] => [
  ...LADDER.flatMap((n) => [
    rows("rows", n, 33, { weighted: n === 65 }, backward),
    rows("columns", 5, n, { weighted: n === 64 }, backward),
  ]),
  rows("narrowest of the shared", 7, 8193, {}, backward),
  rows("shared", 3, 8311, { weighted: true }, backward),
  rows("GPT-2's vocabulary", 2, 50257, {}, backward),
  rows("extreme logits", 6, 65, { logit: huge }, backward),
  rows("extreme logits", 6, 8196, { logit: huge }, backward),
  rows("extreme logits", 6, 1, { logit: huge }, backward),
  rows("equal logits", 4, 8300, { logit: () => -1e4 }, backward),
  rows("no targets", 9, 65, { target: () => -1 }, backward),
  rows("no targets", 2, 8300, { target: () => -1 }, backward),
  ...[1, 65, 257].map((V) => rows("some", 9, V, { smoothing: 0.1, weighted: true }, backward)),
  rows("shared", 4, 8311, { smoothing: 0.2 }, backward),
  rows("extreme logits", 6, 65, { logit: huge, smoothing: 0.1 }, backward),
  rows("last column", 3, 8300, { target: () => 8299 }, backward),
];

testOp(
  "crossEntropyForward: equals the reference",
  crossEntropyForward,
  reference.crossEntropyForward,
  cases(false),
);

testOp(
  "crossEntropyBackward: equals the reference",
  crossEntropyBackward,
  reference.crossEntropyBackward,
  cases(true),
);

Deno.test("crossEntropyForward: wrong shapes are refused", async () => {
  using device = await Device.open();
  using logits = device.tensor("logits", [3, 4]);
  using targets = device.tensor("targets", [3], "i32");
  using losses = device.tensor("losses", [4]);
  const pass = new Pass(device);
  assertThrows(
    () => crossEntropyForward(pass, { logits, targets, losses }),
    RangeError,
    "Cannot run crossEntropyForward: losses must be [3], got [4]",
  );
  assertThrows(
    () => crossEntropyForward(pass, { logits: losses, targets, losses }),
    RangeError,
    "Cannot run crossEntropyForward: logits must be [rows, V], got [4]",
  );
});
