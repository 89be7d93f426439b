import { assertEquals, assertThrows } from "@std/assert";
import { readShaderHeader } from "../../../kernels/mod.ts";

const CODE = /* wgsl */ `
override BLOCK: u32 = 32;
const LANES = 8u;
struct Params { n: u32, shift: i32, factor: f32 }
@group(0) @binding(2) var<storage, read> x: array<vec4f>; // @binding(9) in a comment
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
@group(0) @binding(6) var<uniform> table: array<vec4u, LANES>;
@group(0) @binding(7) var image: texture_2d<f32>;
@group(0) @binding(8) var cache: texture_storage_2d<rgba32float, write>;
@group(0) @binding(9) var a: texture_storage_2d<rgba32float, read>;
var<workgroup> sums: array<f32, BLOCK>;
var<workgroup> rows: array<vec4<f32>, LANES>;
var<workgroup> last: u32;
@compute @workgroup_size(BLOCK, 2) fn main() {}
`;

const read = (code: string, constants?: Record<string, number>) =>
  readShaderHeader({ label: "test", code, constants });

Deno.test("readShaderHeader: bindings, params, overrides and shared memory as the WGSL says", () => {
  assertEquals(read(CODE), {
    bindings: [
      { name: "x", binding: 2, memory: "storage", access: "read", element: "vec4f" },
      { name: "y", binding: 0, memory: "storage", access: "read_write", element: "f32" },
      {
        ...{ name: "table", binding: 6, memory: "uniform", access: "read" },
        ...{ element: "vec4u", length: 8 },
      },
      { name: "image", binding: 7, memory: "texture", access: "read", element: "vec4f" },
      { name: "cache", binding: 8, memory: "texture", access: "write", element: "vec4f" },
      { name: "a", binding: 9, memory: "matrix", access: "read", element: "vec4f" },
    ],
    params: {
      binding: 5,
      fields: [
        { name: "n", type: "u32" },
        { name: "shift", type: "i32" },
        { name: "factor", type: "f32" },
      ],
    },
    workgroupSize: [32, 2, 1],
    workgroupBytes: 4 * 32 + 16 * 8 + 4,
  });
  const wide = read(CODE, { BLOCK: 128 });
  assertEquals([wide.workgroupSize, wide.workgroupBytes], [[128, 2, 1], 4 * 128 + 16 * 8 + 4]);
});

const BROKEN: [what: string, from: string, to: string, message: string][] = [
  ["another group", "@group(0) @binding(2)", "@group(1) @binding(2)", "binding x is in group 1"],
  [
    "another uniform",
    "params: Params",
    "sizes: Params",
    "uniform sizes must be an array of vec4f or vec4u, or the only params",
  ],
  [
    "another texture",
    "texture_2d<f32>",
    "texture_3d<f32>",
    "image must be a buffer, texture_2d<f32> or texture_storage_2d of rgba32float",
  ],
  [
    "a vector in params",
    "n: u32",
    "n: vec2u",
    'field "n: vec2u" of Params must be u32, i32 or f32',
  ],
  ["no such struct", "struct Params", "struct Sizes", "struct Params is not declared"],
  ["no entry point", "fn main", "fn start", "it needs `@compute @workgroup_size(…) fn main`"],
  ["an unknown size", "(BLOCK, 2)", "(WIDTH, 2)", "size WIDTH is no number, const or override"],
  ["a shared matrix", "last: u32", "last: mat2x2f", "shared last must be a 32-bit number"],
  [
    "too much shared memory",
    "<f32, BLOCK>",
    "<f32, 4096>",
    "its workgroups share 16516 bytes, at most 16384 are sure to be there",
  ],
];

for (const [what, from, to, message] of BROKEN) {
  Deno.test(`readShaderHeader: ${what} is refused`, () => {
    const code = CODE.replace(from, to);
    assertThrows(() => read(code), SyntaxError, `Cannot use shader test: ${message}`);
  });
}
