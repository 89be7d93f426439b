import { assertEquals, assertMatch } from "@std/assert";
import { type AdapterFacts, adviceFor, inferBackend } from "../../cli/doctor_advice.ts";

const GPU: AdapterFacts = {
  os: "linux",
  software: false,
  features: ["bgra8unorm-storage", "shader-f16", "immediates"],
  limits: { maxStorageBufferBindingSize: 2 ** 31 - 4 },
  subgroupSizes: [32, 32],
};
const GL: AdapterFacts = { ...GPU, features: ["immediates"], subgroupSizes: [4, 128] };

Deno.test("inferBackend: by platform and by what OpenGL lacks", () => {
  assertEquals(inferBackend(GPU), "Vulkan");
  assertEquals(inferBackend(GL), "OpenGL");
  assertEquals(inferBackend({ ...GPU, os: "darwin" }), "Metal");
  assertEquals(inferBackend({ ...GPU, os: "windows" }), "Direct3D 12 or Vulkan");
});

Deno.test("adviceFor: nothing where all is well, one item for each thing amiss", () => {
  assertEquals(adviceFor(GPU), []);
  assertMatch(adviceFor(GL).join(), /OpenGL fallback/);
  assertMatch(adviceFor({ ...GPU, software: true }).join(), /software/);
  const small = { ...GPU, limits: { maxStorageBufferBindingSize: 2 ** 20 } };
  assertMatch(adviceFor(small).join(), /1048576 bytes/);
});

Deno.test("quern doctor --json: this machine's adapter, kernels and speed", async () => {
  const { code, stdout } = await new Deno.Command("deno", {
    args: ["run", "--quiet", "--allow-read", "--allow-sys=uid", "cli/main.ts", "doctor", "--json"],
    env: { NODEVICE_SELECT: "1" },
    stderr: "inherit",
  }).output();
  assertEquals(code, 0);
  const report = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(report.deno, Deno.version.deno);
  assertEquals(report.matmulGflops > 0 && report.copyGigabytesPerSecond > 0, true);
  assertMatch(report.kernels["linear forward"], /^matmul\//);
  assertEquals(Array.isArray(report.advice), true);
});
