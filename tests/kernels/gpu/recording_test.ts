import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Device, fill, type Pass, scale, type Tensor } from "../../../kernels/mod.ts";

const INDEX = /* wgsl */ `
struct Params { n: u32, first: i32 }
@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x;
  if (i < params.n) { y[i] = u32(i32(i) + params.first); }
}
`;

const shader = { label: "index", code: INDEX };

Deno.test("Recording: threads beyond 65,535 workgroups of x go on in y", async () => {
  using device = await Device.open();
  const n = 2 * device.gpu.limits.maxComputeWorkgroupsPerDimension + 3;
  using y = device.tensor("y", [n], "u32");
  using recording = await device.record(
    "index",
    (pass) => pass.launch(shader, { y }, { n, first: 7 }, { threads: n }),
  );
  recording.run();
  assert((await y.read()).every((value, i) => value === i + 7));
});

Deno.test("Recording: runs its launches in order, as often as asked", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [65]);
  using recording = await device.record("grow", (pass) => {
    scale(pass, { x }, { factor: 3 });
    scale(pass, { x }, { factor: 0.5 });
  });
  using start = await device.record("start", (pass) => fill(pass, { x }, { value: 4 }));
  assertEquals(recording.length, 2);
  start.run();
  recording.run();
  recording.run();
  assert((await x.read()).every((value) => value === 9));
});

/** What is wrong with a launch, and the error it gets. */
const REFUSED: [what: string, launch: (pass: Pass) => void, message: string][] = [
  [
    "a tensor under another name",
    (pass) => pass.launch(shader, { x: numbers(pass) }, { n: 4, first: 0 }, { threads: 4 }),
    "Cannot launch index: bindings [y] wanted; missing [y], unknown [x]",
  ],
  [
    "a missing param",
    (pass) => pass.launch(shader, { y: numbers(pass) }, { n: 4 }, { threads: 4 }),
    "Cannot launch index: params [n,first] wanted; missing [first], unknown []",
  ],
  [
    "a fraction for a whole number",
    (pass) => pass.launch(shader, { y: numbers(pass) }, { n: 4, first: 0.5 }, { threads: 4 }),
    "Cannot launch index: param first must be i32, got 0.5",
  ],
  [
    "a tensor of another type",
    (pass) =>
      pass.launch(shader, { y: pass.device.tensor("reals", [4]) }, { n: 4, first: 0 }, {
        threads: 4,
      }),
    "Cannot bind reals to index.y: a tensor of u32 wanted, a tensor of f32 given",
  ],
  [
    "a texture for a tensor",
    (pass) =>
      pass.launch(shader, { y: pass.device.texels("image", [4]) }, { n: 4, first: 0 }, {
        threads: 4,
      }),
    "Cannot bind image to index.y: a tensor of u32 wanted, texels given",
  ],
  [
    "a tensor over the binding limit",
    (pass) =>
      pass.launch(shader, { y: pass.device.tensor("wide", [65], "u32") }, { n: 4, first: 0 }, {
        threads: 4,
      }),
    "Cannot bind wide [65] to index.y: 260 bytes are over this adapter's 256 a binding",
  ],
  [
    "more workgroups than a dimension holds",
    (pass) =>
      pass.launch(shader, { y: numbers(pass) }, { n: 4, first: 0 }, { workgroups: [1, 70_000] }),
    "Cannot launch index over [1, 70000, 1] workgroups: at most 65535 fit a dimension",
  ],
];

const numbers = ({ device }: Pass) => device.tensor("numbers", [4], "u32");

for (const [what, launch, message] of REFUSED) {
  Deno.test(`Recording: ${what} is refused`, async () => {
    using device = await Device.open({ maxBindingBytes: 256 });
    await assertRejects(() => device.record("refused", launch), Error, message);
  });
}

/** y = x, of [rows, 4·columns], read as a matrix. */
const MATRIX = /* wgsl */ `
struct Params { columns: u32 }
@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  y[id.y * params.columns + id.x] = textureLoad(x, id.xy);
}
`;

function copyMatrix(pass: Pass, x: Tensor, y: Tensor): void {
  const [rows, columns] = x.shape;
  const shader = { label: "matrix", code: MATRIX };
  pass.launch(shader, { x, y }, { columns: columns / 4 }, { workgroups: [columns / 32, rows] });
}

const counting = (n: number, from = 0) => Float32Array.from({ length: n }, (_, i) => from + i);

Deno.test("Recording: a matrix is copied for each run, and again after a launch has written it", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [5, 64]);
  using first = device.tensor("first", [5, 64]);
  using second = device.tensor("second", [5, 64]);
  using third = device.tensor("third", [5, 64]);
  using recording = await device.record("matrices", (pass) => {
    copyMatrix(pass, x, first);
    copyMatrix(pass, x, second);
    scale(pass, { x }, { factor: 2 });
    copyMatrix(pass, x, third);
  });
  for (const from of [1, 1000]) {
    const values = counting(x.size, from);
    x.write(values);
    recording.run();
    for (const [tensor, factor] of [[first, 1], [second, 1], [third, 2]] as const) {
      assertEquals(await tensor.read(), values.map((value) => factor * value));
    }
  }
});

Deno.test("Recording: matrices of one size share few textures, which are freed with it", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [6 * 64, 64]);
  using y = device.tensor("y", [6 * 64, 64]);
  const part = (tensor: Tensor, i: number) => tensor.view(i * 64 * 64, [64, 64]);
  const before = device.allocatedBytes;
  const recording = await device.record("matrices", (pass) => {
    for (let i = 0; i < 6; i++) copyMatrix(pass, part(x, i), part(y, i));
  });
  assertEquals(device.allocatedBytes - before, 2 * 4 * 64 * 64);
  const values = counting(x.size);
  x.write(values);
  recording.run();
  assertEquals(await y.read(), values);
  recording[Symbol.dispose]();
  assertEquals(device.allocatedBytes, before);
});

Deno.test("Recording: a matrix that fits no texture, or a pass that cannot copy it, is refused", async () => {
  using device = await Device.open();
  using narrow = device.tensor("narrow", [5, 32]);
  using wide = device.tensor("wide", [5, 64]);
  using y = device.tensor("y", [5, 64]);
  await assertRejects(
    () => device.record("narrow", (pass) => copyMatrix(pass, narrow, y)),
    RangeError,
    "Cannot copy narrow [5, 32] into a texture for matrix: columns must be a multiple of 64 up to ",
  );
  using recording = await device.record("copying", (pass) => copyMatrix(pass, wide, y));
  const encoder = device.gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  assertThrows(
    () => recording.encode(pass),
    TypeError,
    "Cannot add copying to a pass: matrix needs matrices copied before it; run it by itself",
  );
});

Deno.test("Pass.scratch: the ops of a recording share it, and the recording frees it", async () => {
  using device = await Device.open();
  const before = device.allocatedBytes;
  const recording = await device.record("scratch", (pass) => {
    fill(pass, { x: pass.scratch([10]) }, { value: 1 });
    fill(pass, { x: pass.scratch([2, 3]) }, { value: 2 });
  });
  assertEquals(device.allocatedBytes - before, 40);
  recording.run();
  recording[Symbol.dispose]();
  assertEquals(device.allocatedBytes, before);
});
