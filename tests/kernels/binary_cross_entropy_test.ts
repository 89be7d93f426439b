import { assertThrows } from "@std/assert";
import {
  binaryCrossEntropyBackward,
  binaryCrossEntropyForward,
} from "../../kernels/binary_cross_entropy/mod.ts";
import * as reference from "../../kernels/binary_cross_entropy/reference.ts";
import { Device, Pass } from "../../kernels/mod.ts";
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

const labelOf = (i: number) => (i * 5) % 3 === 1 ? 1 : 0;

testGradient(
  "binary cross-entropy reference: backward is the derivative of forward",
  reference.binaryCrossEntropyForward,
  // The op's gradient is of a sum of losses; the test's weighs each loss with a dlosses of its own.
  ({ logits, dlogits, dlosses, labels, weights }, { K }) => {
    dlogits.set(logits);
    const each = weights.map((w: number, i: number) => w * dlosses[i]);
    const t = { labels, weights: each, losses: new Float64Array(each.length) };
    reference.binaryCrossEntropyBackward({ ...t, logits: dlogits, scale: Float64Array.of(1) }, {
      K,
    });
  },
  [{
    label: "7x5",
    tensors: {
      logits: input([7, 5]),
      labels: input([7, 5], labelOf),
      weights: input([7], (i) => i / 2),
      losses: output([7]),
    },
    sizes: { K: 5 },
    constant: ["labels", "weights"],
  }],
);

function rows(
  n: number,
  K: number,
  backward: boolean,
  logit: (i: number) => number = normal(),
): OpCase<void> {
  return {
    label: `${n}x${K}`,
    tensors: {
      logits: backward ? update([n, K], logit) : input([n, K], logit),
      labels: input([n, K], labelOf),
      weights: input([n], (i) => i % 3),
      ...(backward ? { scale: input([1], () => 0.25) } : {}),
      losses: output([n]),
    },
    sizes: { K },
  };
}

const cases = (backward: boolean): OpCase<void>[] => [
  ...LADDER.map((n) => rows(n, 5, backward)),
  ...LADDER.map((K) => rows(3, K, backward)),
  rows(6, 5, backward, (i) => [1e4, -1e4, 90, 0, -90][(i * 31) % 5]),
];

testOp(
  "binaryCrossEntropyForward: equals the reference",
  binaryCrossEntropyForward,
  reference.binaryCrossEntropyForward,
  cases(false),
);

testOp(
  "binaryCrossEntropyBackward: equals the reference",
  binaryCrossEntropyBackward,
  reference.binaryCrossEntropyBackward,
  cases(true),
);

Deno.test("binaryCrossEntropyForward: shapes that do not fit are named", async () => {
  using device = await Device.open();
  using logits = device.tensor("logits", [3, 4]);
  using weights = device.tensor("weights", [2]);
  assertThrows(
    () =>
      binaryCrossEntropyForward(new Pass(device), {
        ...{ logits, labels: logits, weights, losses: weights },
      }),
    RangeError,
    "Cannot run binaryCrossEntropyForward: weights must be [3], got [2]",
  );
});
