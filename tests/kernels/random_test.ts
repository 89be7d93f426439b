import { assertEquals, assertThrows } from "@std/assert";
import { Device } from "../../kernels/mod.ts";
import { dropoutParams, threefryWgsl } from "../../kernels/random/mod.ts";
import { threefry2x32 } from "../../kernels/random/reference.ts";

/** Key, counter and result as the paper's authors publish them. */
const KNOWN: [number[], number[], number[]][] = [
  [[0, 0], [0, 0], [0x6b200159, 0x99ba4efe]],
  [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x1cb996fc, 0xbb002be7]],
  [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], [0xc4923a9c, 0x483df7a0]],
];

Deno.test("threefry2x32 reference: gives the published numbers", () => {
  for (const [key, counter, words] of KNOWN) {
    assertEquals(threefry2x32(key as [number, number], counter as [number, number]), words);
  }
});

Deno.test("threefryWgsl: gives the published numbers on the GPU", async () => {
  const code = /* wgsl */ `${threefryWgsl}
@group(0) @binding(0) var<storage, read> given: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> words: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let result = threefry2x32(given[id.x].xy, given[id.x].zw);
  words[2u * id.x] = result.x;
  words[2u * id.x + 1u] = result.y;
}`;
  using device = await Device.open();
  using given = device.tensor("given", [KNOWN.length, 4], "u32");
  using words = device.tensor("words", [KNOWN.length, 2], "u32");
  given.write(Uint32Array.from(KNOWN.flatMap(([key, counter]) => [...key, ...counter])));
  using recording = await device.record("threefry", (pass) => {
    pass.launch({ label: "threefry", code }, { given, words }, {}, { threads: KNOWN.length });
  });
  recording.run();
  assertEquals([...await words.read()], KNOWN.flatMap(([, , result]) => result));
});

Deno.test("dropoutParams: a rate out of range is named", () => {
  assertThrows(
    () => dropoutParams(1, 0),
    RangeError,
    "Cannot drop: rate must be in [0, 1), got 1",
  );
});
