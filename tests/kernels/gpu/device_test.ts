import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  copy,
  Device,
  fill,
  GpuError,
  type Pass,
  type Question,
  ShaderError,
  type Tensor,
  type Variant,
} from "../../../kernels/mod.ts";

Deno.test("Device: counts the bytes of living tensors", async () => {
  using device = await Device.open();
  const x = device.tensor("x", [3, 5]);
  const view = x.view(0, [5]);
  assertEquals(device.allocatedBytes, 60);
  view[Symbol.dispose]();
  assertEquals(device.allocatedBytes, 60);
  x[Symbol.dispose]();
  assertEquals(device.allocatedBytes, 0);
});

Deno.test("Device: a tensor over the adapter's limit is refused with its name and bytes", async () => {
  using device = await Device.open();
  const most = device.gpu.limits.maxBufferSize;
  const rows = Math.ceil(most / 4096) + 1;
  assertThrows(
    () => device.tensor("head.weight", [rows, 1024]),
    GpuError,
    `Cannot allocate ${4096 * rows} bytes for head.weight [${rows},1024]: this adapter allows ` +
      `${most} bytes a buffer`,
  );
  assertEquals(device.allocatedBytes, 0);
});

Deno.test("Device: a shader that does not compile names the kernel, the line and the column", async () => {
  using device = await Device.open();
  const code = "@compute @workgroup_size(1)\nfn main() {\n  let a: u32 = 1.5;\n}";
  const error = await assertRejects(
    () =>
      device.record("broken", (pass) =>
        pass.launch({ label: "gelu/forward", code }, {}, {}, {
          threads: 1,
        })),
    ShaderError,
    "Cannot compile shader gelu/forward:3:",
  );
  assertEquals([error.label, error.line], ["gelu/forward", 3]);
});

Deno.test("Device: an error that nobody waited for comes out at the next check", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [4]);
  // Copies past the end, which WebGPU reports to nobody in particular.
  device.gpu.queue.writeBuffer(x.buffer, 8, new Float32Array(4));
  const error = await assertRejects(() => x.read(), GpuError);
  assertMatch(error.message, /[Bb]uffer|copy|range/);
});

Deno.test("Device: after the GPU is lost each read says so and what to do", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [4]);
  device.gpu.destroy();
  await device.gpu.lost;
  const message = "all it held is gone; open it again and go on from the last checkpoint";
  await assertRejects(() => x.read(), GpuError, message);
  await assertRejects(() => device.record("fill", (pass) => fill(pass, { x }, { value: 1 })));
});

Deno.test("Device: equal shaders are compiled once", async () => {
  using device = await Device.open();
  const shader = { label: "noop", code: "@compute @workgroup_size(1) fn main() {}" };
  const [first, second] = await Promise.all([device.kernel(shader), device.kernel({ ...shader })]);
  assertEquals(first === second, true);
});

Deno.test("Device.read: several tensors of several types, with one wait", async () => {
  using device = await Device.open();
  using a = device.tensor("a", [2]);
  using b = device.tensor("b", [65], "u32");
  using c = device.tensor("c", [2]);
  a.write(Float32Array.of(1.5, -2));
  b.write(Uint32Array.from({ length: 65 }, (_, i) => i));
  using recording = await device.record("copy", (pass) => copy(pass, { x: a, y: c }));
  recording.run();
  const [words, numbers] = await device.read([b.view(64, [1]), c]);
  assertEquals(new Uint32Array(words), Uint32Array.of(64));
  assertEquals(new Float32Array(numbers), Float32Array.of(1.5, -2));
});

/** A variant of filling 64 numbers with 7. */
interface Filling extends Variant {
  value: string;
}

const fillings: Filling[] = [
  { name: "broken", order: "one", value: "nothing" },
  { name: "worse", order: "one", value: "" },
  { name: "sound", order: "one", value: "7.0" },
];

function fillSeven(variants: Filling[], picked: string[] = []) {
  return (pass: Pass, x: Tensor) => {
    const question: Question<Filling> = {
      ...{ group: "seven 64", rows: 64, variants, plain: variants.at(-1)! },
      trial: { tensors: {}, results: [], operations: 0, run: () => {} },
    };
    const { name, value } = pass.device.choices.pick(question);
    picked.push(name);
    const code = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32) { x[i] = ${value}; }
`;
    pass.launch({ label: `seven/all ${name}`, code }, { x }, {}, { threads: 64 });
  };
}

Deno.test("Device.record: a variant that does not compile is given up, named, and the next one used", async () => {
  const warnings: string[] = [];
  using device = await Device.open({ warn: (text) => warnings.push(text) });
  using x = device.tensor("x", [64]);
  const picked: string[] = [];
  using recording = await device.record("seven", (pass) => fillSeven(fillings, picked)(pass, x));
  recording.run();
  assertEquals([...await x.read()], Array(64).fill(7));
  assertEquals(picked, ["broken", "worse", "sound"]);
  assertEquals(warnings.length, 2);
  assertMatch(
    warnings[0],
    /^Not using seven\/all broken on this adapter, but the next variant: Cannot compile shader seven\/all broken:/,
  );
  using _ = await device.record("again", (pass) => fillSeven(fillings, picked)(pass, x));
  assertEquals(picked.length, 4);
});

Deno.test("Device.record: where no variant compiles the last one's error is told", async () => {
  using device = await Device.open({ warn: () => {} });
  using x = device.tensor("x", [64]);
  await assertRejects(
    () => device.record("seven", (pass) => fillSeven(fillings.slice(0, 2))(pass, x)),
    ShaderError,
    "Cannot compile shader seven/all worse",
  );
});
