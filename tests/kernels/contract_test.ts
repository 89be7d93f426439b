import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  checkCase,
  checkVariants,
  input,
  KERNEL_CASES,
  type OpCase,
  output,
} from "../../kernels/contract/mod.ts";
import { Device, matmul, type Pass, type Tensor } from "../../kernels/mod.ts";

const double: OpCase = {
  label: "doubled",
  tensors: { x: input([65], (i) => i - 30), y: output([65]) },
};

/** y = `expression` for 65 elements or more. */
function faulty(expression: string, { elements = 65, into = "y" } = {}) {
  const other = into === "y" ? "x" : "y";
  const code = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> ${into}: array<f32>;
@group(0) @binding(1) var<storage, read_write> ${other}: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i < ${elements}u) { ${expression}; }
}`;
  return (pass: Pass, { x, y }: Record<string, Tensor>) => {
    // The guard lies behind the tensors.
    const [a, b] = [x, y].map((tensor) => tensor.view(0, [65]));
    pass.launch({ label: "faulty", code }, { x: a, y: b }, {}, { threads: elements });
  };
}

const reference = ({ x, y }: Record<string, Float64Array>) => y.set(x.map((value) => 2 * value));

for (
  const [what, op, message] of [
    ["what is right", faulty("y[i] = 2.0 * x[i]"), undefined],
    [
      "a wrong element",
      faulty("y[i] = 2.0 * x[i] + select(0.0, 1e-2, i == 64u)"),
      /^y \[65\]: element 64 is .+, expected 68 \(error .+ > 0\.00002\)/,
    ],
    ["an element that is left out", faulty("y[i] = 2.0 * x[i]", { elements: 64 }), /NaN/],
    ["a result on top of old contents", faulty("y[i] = y[i] + 2.0 * x[i]"), /NaN/],
    [
      "a changed input",
      faulty("y[i] = 2.0 * x[i]; x[i] = 0.0", { into: "x" }),
      /x \[65\]: an input was changed/,
    ],
  ] as const
) {
  Deno.test(`checkCase: ${what}`, async () => {
    using device = await Device.open();
    const fault = await checkCase(device, op, reference, double);
    if (message === undefined) assertEquals(fault, undefined);
    else assertMatch(fault!, message);
  });
}

Deno.test("checkCase: writing past a tensor", async () => {
  using device = await Device.open();
  const past = (pass: Pass, { x, y }: Record<string, Tensor>) => {
    faulty("y[i] = 2.0 * x[i]")(pass, { x, y });
    const code = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1) fn main() { y[65] = 0.0; }`;
    const longer = { size: 66, bytes: 264, shape: [66], offsetBytes: 0 };
    pass.launch({ label: "past", code }, { y: Object.create(y, descriptors(longer)) }, {}, {
      threads: 1,
    });
  };
  assertEquals(await checkCase(device, past, reference, double), "y [65]: wrote past the end");
});

function descriptors(values: Record<string, unknown>): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

Deno.test("checkVariants: each variant by its name, one that is wrong too, and choices as before", async () => {
  using device = await Device.open();
  const [M, K, N] = [20, 64, 64];
  const one = {
    label: "product",
    op: matmul,
    reference: ({ y }: Record<string, Float64Array>) => y.fill(0),
    tensors: { a: input([M, K]), b: input([K, N], () => 0), y: output([M, N]) },
    options: { layout: "NN" },
  };
  const found = await checkVariants(device, one, { all: true, barriers: false });
  const names = found.map(({ variant }) => variant!);
  assertEquals(new Set(names).size, names.length);
  for (const name of ["plain 8x16", "texture 8x16", "texture 16x16"]) {
    assert(names.includes(name), `${name} is not among ${names}`);
  }
  assertEquals(found.filter(({ fault }) => fault !== undefined), []);
  assertEquals(device.choices.table, { orders: {}, variants: {} });
  const wrong = { ...one, reference: ({ y }: Record<string, Float64Array>) => y.fill(1) };
  for (const { fault } of await checkVariants(device, wrong, { all: true, barriers: false })) {
    assertMatch(fault!, /^y \[20,64\]: element 0 is 0, expected 1/);
  }
});

Deno.test("KERNEL_CASES: every op keeps its promises at ragged sizes", async (t) => {
  using device = await Device.open();
  for (const { name, at } of KERNEL_CASES) {
    await t.step(name, async () => {
      const one = { label: name, ...at({ B: 3, T: 21, C: 20, heads: 5, V: 65 }) };
      assertEquals(await checkCase(device, one.op, one.reference, one), undefined);
    });
  }
});
