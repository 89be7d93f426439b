import { assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import { adamw, type AdamwOptions } from "../../kernels/adamw/mod.ts";
import * as reference from "../../kernels/adamw/reference.ts";
import { assertClose, input, LADDER, normal, type OpCase, testOp, update } from "./contract.ts";

const OPTIONS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 };

/** Schedule of step t. */
const schedule = (rate: number, t: number) => [rate, 1 / (1 - 0.9 ** t), 1 / (1 - 0.999 ** t), 0];

function step(label: string, n: number, decayed: number, t = 3): OpCase<AdamwOptions> {
  const squares = normal(3);
  return {
    label,
    tensors: {
      parameters: update([n]),
      gradients: input([n], normal(2)),
      m: update([n], normal(4)),
      v: update([n], () => squares() ** 2),
      norm: input([2], (i) => [7, 0.5][i]),
      schedule: input([4], (i) => schedule(0.01, t)[i]),
    },
    options: { ...OPTIONS, decayed },
  };
}

testOp("adamw: equals the reference", adamw, reference.adamw, [
  ...LADDER.flatMap((n) => [
    step(`n = ${n}, all decayed`, n, n),
    step(`n = ${n}, none decayed`, n, 0),
  ]),
  step("n = 100000, 64 decayed", 100_000, 64),
  step("n = 1028, 7 decayed", 1028, 7),
  {
    ...step("left out", 65, 65),
    tensors: { ...step("", 65, 65).tensors, norm: input([2], (i) => [NaN, -1][i]) },
  },
  {
    ...step("first step, gradients from 0 to large", 64, 64, 1),
    tensors: {
      ...step("", 64, 64, 1).tensors,
      gradients: input([64], (i) => [0, 1e-9, 1e-3, -1e6][i % 4]),
      m: update([64], () => 0),
      v: update([64], () => 0),
    },
  },
]);

Deno.test("adamw: ten steps of a split arena follow the reference", async () => {
  const n = 1000, decayed = 300;
  using device = await Device.open({ maxBindingBytes: 1024 });
  using stack = new DisposableStack();
  const tensor = (name: string, shape: number[]) => stack.use(device.tensor(name, shape));
  const t = {
    parameters: tensor("parameters", [n]),
    gradients: tensor("gradients", [n]),
    m: tensor("m", [n]),
    v: tensor("v", [n]),
    norm: tensor("norm", [2]),
    schedule: tensor("schedule", [4]),
  };
  const expected = {
    parameters: Float64Array.from({ length: n }, normal()),
    gradients: new Float64Array(n),
    m: new Float64Array(n),
    v: new Float64Array(n),
    norm: Float64Array.of(2, 0.5),
    schedule: new Float64Array(4),
  };
  t.parameters.write(Float32Array.from(expected.parameters));
  t.norm.write(Float32Array.from(expected.norm));
  using recording = await device.record("adamw", (pass) => adamw(pass, t, { ...OPTIONS, decayed }));
  const random = normal(5);
  for (let i = 1; i <= 10; i++) {
    expected.gradients = expected.gradients.map(() => random());
    expected.schedule.set(schedule(0.01, i));
    t.gradients.write(Float32Array.from(expected.gradients));
    t.schedule.write(Float32Array.from(expected.schedule));
    recording.run();
    reference.adamw(expected, { ...OPTIONS, decayed });
  }
  for (const name of ["parameters", "m", "v"] as const) {
    assertClose(await t[name].read(), expected[name], 2e-6, name);
  }
});

Deno.test("adamw: wrong shapes and options are refused", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [8]);
  using short = device.tensor("short", [4]);
  using norm = device.tensor("norm", [2]);
  const pass = new Pass(device);
  const t = { parameters: x, gradients: x, m: x, v: x, norm, schedule: short };
  assertThrows(
    () => adamw(pass, { ...t, v: short }),
    RangeError,
    "Cannot run adamw: v must be [8], got [4]",
  );
  assertThrows(() => adamw(pass, t, { beta2: 1 }), RangeError, "beta2 must be in [0, 1), got 1");
  assertThrows(
    () => adamw(pass, t, { decayed: 9 }),
    RangeError,
    "decayed must be in [0, 8], got 9",
  );
});
