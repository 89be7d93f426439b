import { assert, assertEquals, assertRejects } from "@std/assert";
import { Device, fill, GpuError, matmul } from "../../../kernels/mod.ts";

Deno.test("Device.profile: each launch in order, with its work; more work takes longer", async () => {
  using device = await Device.open();
  if (!device.gpu.features.has("timestamp-query")) return;
  using x = device.tensor("x", [1 << 22]);
  using recording = await device.record("fills", (pass) => {
    fill(pass, { x: x.view(0, [64]) }, { value: 1 });
    fill(pass, { x }, { value: 1 });
  });
  recording.run();
  const spans = await device.profile(() => {
    recording.run();
    recording.run();
  });
  assertEquals(
    spans.map(({ label, recording, operations, bytes }) => [label, recording, operations, bytes]),
    [256, 1 << 24, 256, 1 << 24].map((bytes) => ["fill", "fills", 0, bytes]),
  );
  assertEquals(spans[0].startNs, 0);
  spans.forEach(({ startNs, endNs }, i) => {
    assert(endNs >= startNs && startNs >= (spans[i - 1]?.endNs ?? 0), `span ${i}`);
  });
  const [short, long] = spans.map(({ startNs, endNs }) => endNs - startNs);
  assert(short > 0 && long > short, `${short} ns, ${long} ns`);
  assertEquals(await device.profile(() => {}), []);
});

Deno.test("Device.profile: products count their operations, and copies into textures show", async () => {
  using device = await Device.open();
  if (!device.gpu.features.has("timestamp-query")) return;
  using a = device.tensor("a", [64, 64]);
  using y = device.tensor("y", [64, 64]);
  using recording = await device.record("square", (pass) => {
    fill(pass, { x: a }, { value: 1 });
    matmul(pass, { a, b: a, y }, { layout: "NN" });
  });
  const spans = await device.profile(() => recording.run());
  assertEquals(spans.at(-1)!.operations, 2 * 64 ** 3);
  assertEquals(
    spans.some(({ label }) => label === "copies into textures"),
    device.prefersTextures,
  );
});

Deno.test("Device.profile: an adapter without a clock is told what it has", async () => {
  using device = await Device.open();
  const gpu = { features: new Set(["shader-f16"]) };
  const blind = Object.create(device, { gpu: { value: gpu } }) as Device;
  const { Profiler } = await import("../../../kernels/gpu/profiler.ts");
  await assertRejects(
    () => Promise.resolve().then(() => new Profiler(blind)),
    GpuError,
    "Cannot take the time of kernels: this adapter has no timestamp-query, only shader-f16",
  );
});
