import { keepFactorAt, keepFactorWgsl } from "../random/mod.ts";

/** What a dropout shader is written for. */
export interface DropoutVariant {
  /** Whether elements are read four at a time, n counting vectors. */
  vector: boolean;
  /** Whether there is no y. */
  inPlace: boolean;
}

/**
 * x, y: [n]; clock: [2], seed and step. A thread scales one element, or four, by 0 or 1 / (1 − rate):
 * overwrites y, or x where there is no y.
 */
export function dropoutWgsl({ vector, inPlace }: DropoutVariant): string {
  const type = vector ? "vec4f" : "f32";
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32, layer: u32, threshold: u32, factor: f32 }
@group(0) @binding(0) var<storage, ${inPlace ? "read_write" : "read"}> x: array<${type}>;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;
${inPlace ? "" : `@group(0) @binding(3) var<storage, read_write> y: array<${type}>;`}
${keepFactorWgsl}
@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  ${inPlace ? "x" : "y"}[i] = x[i] * ${keepFactorAt("i", vector)};
}
`;
}
