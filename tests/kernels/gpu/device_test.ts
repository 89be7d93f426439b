import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { copy, Device, fill, GpuError, ShaderError } from "../../../kernels/mod.ts";

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
