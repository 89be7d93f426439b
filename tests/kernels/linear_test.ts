import { assert, assertEquals, assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import { linearForward, type LinearOptions, qkvForward } from "../../kernels/linear/mod.ts";
import { layernormRowsForward } from "../../kernels/layernorm/mod.ts";
import * as reference from "../../kernels/linear/reference.ts";
import { input, inTexture, LADDER, normal, type OpCase, testOp, update } from "./contract.ts";

interface Sizes {
  layout: "NN" | "NT";
  M: number;
  K: number;
  N: number;
  /** Rows that are computed. @default M */
  rows?: number;
  texels?: boolean;
  bias?: boolean;
  delta?: boolean;
  gelu?: boolean;
  add?: boolean;
  /** A layer norm before the product, with a bias or without. */
  norm?: "bias" | "none";
}

function product(s: Sizes): OpCase<LinearOptions> {
  const { layout, M, K, N, rows = M, texels, bias, delta, gelu, add, norm } = s;
  const w = input(layout === "NN" ? [K, N] : [N, K], normal(3));
  return {
    label: JSON.stringify(s),
    tensors: {
      x: input([M, K]),
      w: texels ? inTexture(w) : w,
      ...(bias ? { bias: input([N], normal(5)) } : {}),
      ...(delta ? { delta: input([M, N], normal(11)) } : {}),
      ...(add ? { add: input([M, N], normal(7)) } : {}),
      ...(norm ? { gain: input([K], normal(9)) } : {}),
      ...(norm === "bias" ? { offset: input([K], normal(11)) } : {}),
      y: update([M, N]),
    },
    options: { layout, rows, ...(gelu ? { gelu } : {}) },
    sizes: { rows, K, N },
    tolerance: 1e-4,
  };
}

const EXTRAS = [
  { bias: true },
  { bias: true, gelu: true },
  { bias: true, add: true },
  { gelu: true, add: true },
  { bias: true, delta: true, gelu: true },
];
const NORMS = (["bias", "none"] as const).flatMap((norm) =>
  [1, 2, 5].map((rows) => ({ M: 5, rows, norm }))
);

for (const texels of [false, true]) {
  const where = texels ? "w in a texture" : "w in a buffer";
  const inner = texels ? 32 : 33;
  testOp(
    `linearForward NN, ${where}: equals the reference`,
    linearForward,
    reference.linearForward,
    [
      ...LADDER.map((rows) => product({ layout: "NN", M: 257, rows, K: inner, N: 20, texels })),
      ...NORMS.map((s) => product({ layout: "NN", ...s, K: inner, N: 420, texels })),
      ...[1, 2, 4, 5, 8, 9].map((rows) =>
        product({ layout: "NN", M: 9, rows, K: 20, N: 36, texels })
      ),
      ...LADDER.filter((n) => !texels || n % 4 === 0).flatMap((n) => [
        product({ layout: "NN", M: 3, K: n, N: 24, texels }),
        product({ layout: "NN", M: 11, K: 24, N: n, texels }),
      ]),
      ...EXTRAS.flatMap((extra) => [
        product({ layout: "NN", M: 21, rows: 19, K: 64, N: 40, texels, ...extra }),
        // Rows so wide that few of them, and in the end none, fit a uniform binding.
        product({ layout: "NN", M: 21, rows: 19, K: 1024, N: 12, texels, ...extra }),
        product({ layout: "NN", M: 5, rows: 3, K: 1028, N: 12, texels, ...extra }),
        product({ layout: "NN", M: 2, K: 16_388, N: 4, texels, ...extra }),
      ]),
    ],
  );
  testOp(
    `linearForward NT, ${where}: equals the reference`,
    linearForward,
    reference.linearForward,
    [
      ...LADDER.map((rows) => product({ layout: "NT", M: 257, rows, K: inner, N: 19, texels })),
      ...NORMS.map((s) => product({ layout: "NT", ...s, K: inner, N: 19, texels })),
      ...[1, 2, 4, 5, 8, 9].map((rows) =>
        product({ layout: "NT", M: 9, rows, K: 20, N: 35, texels })
      ),
      ...LADDER.map((N) => product({ layout: "NT", M: 3, K: 24, N, texels })),
      product({ layout: "NT", M: 9, K: 24, N: 65, texels, bias: true }),
    ],
  );
}

interface CacheSizes {
  M: number;
  C: number;
  rows?: number;
  texels?: boolean;
  bias?: boolean;
  delta?: boolean;
  norm?: boolean;
}

function cached(s: CacheSizes): OpCase<{ rows: number }> {
  const { M, C, rows = M, texels, bias, delta, norm } = s;
  const where = texels ? inTexture : (spec: ReturnType<typeof input>) => spec;
  return {
    label: JSON.stringify(s),
    tensors: {
      x: input([M, C]),
      w: where(input([C, 3 * C], normal(3))),
      ...(bias ? { bias: input([3 * C], normal(5)) } : {}),
      ...(norm ? { gain: input([C], normal(11)), offset: input([C], normal(13)) } : {}),
      ...(delta ? { delta: input([M, 3 * C], normal(11)) } : {}),
      q: update([M, C]),
      keys: where(update([M + 3, C], normal(7))),
      values: where(update([M + 3, C], normal(9))),
      // Cells in another order than rows.
      rows: input([M, 4], (i) => i % 4 === 3 ? (M + 2) - (i >> 2) : 77, "u32"),
    },
    options: { rows },
    sizes: { M: rows, C },
    tolerance: 1e-4,
  };
}

testOp("qkvForward: equals the reference", qkvForward, reference.qkvForward, [
  ...LADDER.map((rows) => cached({ M: 257, rows, C: 12, bias: true })),
  ...LADDER.map((rows) => cached({ M: 257, rows, C: 16, texels: true, bias: true })),
  ...LADDER.map((C) => cached({ M: 5, rows: 4, C })),
  cached({ M: 5, rows: 3, C: 64, texels: true }),
  ...[true, false].map((texels) => cached({ M: 5, rows: 1, C: 160, texels, norm: true })),
  cached({ M: 65, rows: 64, C: 12, bias: true, delta: true }),
  cached({ M: 65, rows: 64, C: 16, texels: true, bias: true, delta: true }),
  cached({ M: 30, rows: 29, C: 1024, texels: true }),
]);

Deno.test("linearForward: a row's bits do not depend on the number of rows", async () => {
  using device = await Device.open();
  const [M, K, N] = [33, 128, 96];
  using stack = new DisposableStack();
  const tensor = (name: string, shape: number[], seed: number) => {
    const made = stack.use(device.tensor(name, shape));
    const next = normal(seed);
    made.write(Float32Array.from({ length: made.size }, next));
    return made;
  };
  const [x, w, bias, add] = [
    tensor("x", [M, K], 1),
    tensor("w", [K, N], 2),
    tensor("bias", [N], 3),
    tensor("add", [M, N], 4),
  ];
  const texels = stack.use(device.texels("w", [K, N]));
  texels.copyFrom(w);
  for (const weights of [w, texels]) {
    const last = new Set<string>();
    for (const rows of [1, 2, 4, 8, 9, 33]) {
      const [y, xs, adds] = [[rows, N], [rows, K], [rows, N]].map((shape) =>
        stack.use(device.tensor("part", shape))
      );
      xs.write((await x.read()).subarray((M - rows) * K) as Float32Array<ArrayBuffer>);
      adds.write((await add.read()).subarray((M - rows) * N) as Float32Array<ArrayBuffer>);
      using recording = await device.record("linear", (pass) => {
        linearForward(pass, { x: xs, w: weights, bias, add: adds, y }, {
          layout: "NN",
          gelu: true,
        });
      });
      recording.run();
      last.add(String(new Uint32Array((await y.read()).slice(-N).buffer)));
    }
    assertEquals(last.size, 1);
  }
});

Deno.test("linearForward: a layer norm that it computes has the bits of one that is launched", async () => {
  using device = await Device.open();
  const [K, N] = [128, 512];
  using stack = new DisposableStack();
  const tensor = (name: string, shape: number[], seed: number) => {
    const made = stack.use(device.tensor(name, shape));
    made.write(Float32Array.from({ length: made.size }, normal(seed)));
    return made;
  };
  const [x, w] = [tensor("x", [1, K], 1), tensor("w", [K, N], 2)];
  const [gain, offset] = [tensor("gain", [K], 3), tensor("offset", [K], 4)];
  const [normed, ...ys] = [[1, K], [1, N], [1, N]].map((shape) => tensor("y", shape, 5));
  const texels = stack.use(device.texels("w", [K, N]));
  texels.copyFrom(w);
  using recording = await device.record("both", (pass) => {
    layernormRowsForward(pass, { x, gain, bias: offset, y: normed }, { uniform: true });
    linearForward(pass, { x: normed, w: texels, y: ys[0] }, { layout: "NN" });
    linearForward(pass, { x, gain, offset, w: texels, y: ys[1] }, { layout: "NN" });
  });
  recording.run();
  const [launched, own] = (await device.read(ys)).map((bytes) => new Uint32Array(bytes));
  assertEquals(own, launched);
});

Deno.test("linearForward: a wide w of layout NT is bound in parts", async () => {
  using device = await Device.open({ maxBindingBytes: 64 * 8 * 4 });
  const [K, N] = [8, 150];
  using x = device.tensor("x", [1, K]);
  using w = device.tensor("w", [N, K]);
  using y = device.tensor("y", [1, N]);
  x.write(new Float32Array(K).fill(1));
  w.write(Float32Array.from({ length: N * K }, (_, i) => Math.floor(i / K)));
  using recording = await device.record("parts", (pass) => {
    linearForward(pass, { x, w, y }, { layout: "NT" });
  });
  recording.run();
  assertEquals(recording.length, 3);
  assert((await y.read()).every((value, i) => value === K * i));
});

Deno.test("linear: shapes that do not fit are named", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [2, 6]);
  using w = device.tensor("w", [6, 9]);
  using y = device.tensor("y", [2, 9]);
  using q = device.tensor("q", [2, 6]);
  using cells = device.tensor("cells", [8, 6]);
  using rows = device.tensor("rows", [1, 4], "u32");
  using image = device.texels("image", [6, 10]);
  const pass = new Pass(device);
  const fails = (run: () => void, error: ErrorConstructor, message: string) =>
    assertThrows(run, error, message);
  fails(
    () => linearForward(pass, { x, w, y }, { layout: "NT" }),
    RangeError,
    "Cannot run linearForward: w must be [9,6], got [6,9]",
  );
  fails(
    () => linearForward(pass, { x, w, y }, { layout: "NN", rows: 3 }),
    RangeError,
    "Cannot run linearForward: x must have at least 3 rows, got [2,6]",
  );
  using wide = device.tensor("y", [2, 10]);
  fails(
    () => linearForward(pass, { x, w: image, y: wide }, { layout: "NN" }),
    RangeError,
    "Cannot read image [6,10] from a texture: 4 must divide its sizes",
  );
  using square = device.tensor("w", [9, 6]);
  fails(
    () => linearForward(pass, { x, w: square, y, add: y }, { layout: "NT" }),
    TypeError,
    "Cannot run linearForward: add and delta need layout NN",
  );
  using triple = device.tensor("w", [6, 18]);
  fails(
    () => qkvForward(pass, { x, w: triple, q, keys: cells, values: cells, rows }),
    RangeError,
    "Cannot run qkvForward: rows must have at least 2 rows, got [1,4]",
  );
});
