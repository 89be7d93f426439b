import { assert, assertEquals } from "@std/assert";
import { withHalves } from "../../../kernels/gpu/half.ts";
import { MATMUL_VARIANTS } from "../../../kernels/matmul/variants.ts";
import * as matmulReference from "../../../kernels/matmul/reference.ts";
import { asVariant, product } from "../matmul_cases.ts";
import { checkCase, checkVariants, KERNEL_CASES } from "../../../kernels/contract/mod.ts";
import { copy, Device, matmul, tune } from "../../../kernels/mod.ts";

Deno.test("withHalves: converts each load and store of the named bindings, and nothing else", () => {
  const code = `
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // y[0] stays
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var m: texture_storage_2d<rgba32float, read>;
fn main() {
  let a = x[u32(y[i]) + 1u].w == z[0];
  y[i] = a * x[2].x;
  y[y2[3]] += y[1] - p.y[4];
}`;
  assertEquals(
    withHalves({ label: "op", code }, ["x", "y", "m"]).code,
    `enable f16; 
@group(0) @binding(0) var<storage, read> x: array<vec4h>;
@group(0) @binding(1) var<storage, read_write> y: array<f16>; 
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var m: texture_storage_2d<rgba16float, read>;
fn main() {
  let a = vec4f(x[u32(f32(y[i])) + 1u]).w == z[0];
  y[i] = f16( a * vec4f(x[2]).x);
  y[y2[3]] = f16(f32(y[y2[3]]) + ( f32(y[1]) - p.y[4]));
}`,
  );
});

/** The tensors of each op that training in f16 stores in half precision. */
const HALVES: Record<string, string[]> = {
  "layernorm forward": ["y"],
  "matmul qkv forward": ["a", "b", "y"],
  "matmul up dx": ["a", "b", "y"],
  "matmul up dw": ["a", "b"],
  "matmul head dx": ["b", "y"],
  "attention forward": ["qkv", "y"],
  "attention backward": ["qkv", "y", "dy", "dqkv"],
  "layernorm backward": ["dy"],
  "bias gradient": ["dy"],
  "copy": ["y"],
};

for (const [name, halves] of Object.entries(HALVES)) {
  Deno.test(`f16: ${name} equals the reference with ${halves} in half precision`, async () => {
    using device = await Device.open();
    const maker = KERNEL_CASES.find((each) => each.name === name)!;
    // Vectors of four in every variant, textures among them, and scalars.
    const wide = /dx|dw/.test(name) ? 64 : 128;
    for (const { T, C, heads } of [{ T: 33, C: wide, heads: 8 }, { T: 5, C: 10, heads: 2 }]) {
      const one = maker.at({ B: 2, T, C, heads, V: 300 });
      const tensors = { ...one.tensors };
      for (const half of halves) tensors[half] = { ...tensors[half], dtype: "f16" };
      const found = await checkVariants(
        device,
        { ...one, label: name, tensors, tolerance: 1e-3 },
        { all: true, barriers: name === "attention forward" },
      );
      assertEquals(found.filter(({ fault }) => fault !== undefined), [], `T = ${T}, C = ${C}`);
    }
  });
}

Deno.test("f16: tiles in the workgroup's memory equal the reference", async () => {
  using device = await Device.open();
  const variant = MATMUL_VARIANTS.find(({ name }) => name.startsWith("tile"))!;
  const one = product("NT", [65, 64, 100], ["bias", "activated"]);
  for (const name of ["a", "b", "y", "activated"]) one.tensors[name].dtype = "f16";
  const all = { ...one, tolerance: 1e-3 };
  assertEquals(await checkCase(device, asVariant(variant), matmulReference.matmul, all), undefined);
});

Deno.test("f16: the tuner tries variants on tensors like those, and drops none", async () => {
  using device = await Device.open();
  const [a, b, y] = ["a", "b", "y"].map((name) => device.tensor(name, [128, 128], "f16"));
  using tensors = new DisposableStack();
  for (const tensor of [a, b, y]) tensors.use(tensor);
  using _ = await device.record("product", (pass) => matmul(pass, { a, b, y }, { layout: "NN" }));
  const events = await Array.fromAsync(tune(device, { budgetMs: 2000 }));
  assertEquals(events.filter(({ type }) => type === "dropped"), []);
  const [chosen] = events.filter(({ type }) => type === "chosen");
  assertEquals(chosen.shapes, "matmul NN 128x128 a:f16 b:f16 y:f16 rows 128");
});

Deno.test("f16: numbers too large for it become infinite", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [5]);
  using y = device.tensor("y", [5], "f16");
  x.write(Float32Array.of(65504, 65520, -1e9, 1e-9, 0.1));
  using rounded = await device.record("round", (pass) => copy(pass, { x, y }));
  rounded.run();
  const found = await y.read();
  assert(found instanceof Float16Array);
  assertEquals([...found], [65504, Infinity, -Infinity, 0, Math.f16round(0.1)]);
});
