import { keepFactorAt, keepFactorWgsl } from "../random/mod.ts";

/** What a residual shader is written for. */
export interface ResidualVariant {
  /** Whether elements are read four at a time, n counting vectors. */
  vector: boolean;
  /** Whether elements of b are dropped. */
  dropout: boolean;
}

/**
 * a, b, y: [n], y = a + b; clock: [2], seed and step, where elements of b are dropped. A thread writes one
 * vector; overwrites y.
 */
export function residualForwardWgsl({ vector, dropout }: ResidualVariant): string {
  const type = vector ? "vec4f" : "f32";
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32${dropout ? ", layer: u32, threshold: u32, factor: f32" : ""} }
@group(0) @binding(0) var<storage, read> a: array<${type}>;
@group(0) @binding(1) var<storage, read> b: array<${type}>;
@group(0) @binding(2) var<storage, read_write> y: array<${type}>;
@group(0) @binding(3) var<uniform> params: Params;
${dropout ? `@group(0) @binding(4) var<storage, read> clock: array<u32>;\n${keepFactorWgsl}` : ""}
@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  y[i] = a[i] + b[i]${dropout ? ` * ${keepFactorAt("i", vector)}` : ""};
}
`;
}
