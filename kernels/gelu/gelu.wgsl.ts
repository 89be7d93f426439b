/**
 * GELU in its tanh form: y = ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
 * Source: Hendrycks & Gimpel 2016, "Gaussian Error Linear Units", section 2.
 *
 * `gate(x)` is its tanh.
 */
export const gateWgsl = (type: "f32" | "vec4f"): string => /* wgsl */ `
const SCALE = 0.7978845608028654; // √(2/π)
const CUBIC = 0.044715;
// Far from 0, tanh is ±1 to the last bit; unclamped, some drivers' tanh gives NaN there.
fn gate(x: ${type}) -> ${type} {
  return tanh(clamp(SCALE * (x + CUBIC * x * x * x), ${type}(-15.0), ${type}(15.0)));
}
`;

/** \`slope(x)\`: the derivative of GELU; needs {@linkcode gateWgsl}. */
export const slopeWgsl = (type: "f32" | "vec4f"): string => /* wgsl */ `
fn slope(x: ${type}) -> ${type} {
  let t = gate(x);
  let rise = SCALE * (1.0 + 3.0 * CUBIC * x * x);
  // t² reaches 1 before x·rise overflows, so the product must not be formed where it is 0·∞.
  let bend = select(${type}(), 0.5 * x * (1.0 - t * t) * rise, abs(x) < ${type}(16.0));
  return 0.5 * (1.0 + t) + bend;
}
`;

const opening = (vector: boolean, names: string[]) => {
  const type = vector ? "vec4f" : "f32";
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32 }
${gateWgsl(type)}
${slopeWgsl(type)}
${
    names.map((name, i) =>
      `@group(0) @binding(${i}) var<storage, ${
        i === names.length - 1 ? "read_write" : "read"
      }> ${name}: array<${type}>;`
    ).join("\n")
  }
@group(0) @binding(${names.length}) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }`;
};

/**
 * x, y: [n]. A thread writes one element; overwrites y.
 *
 * @param vector whether elements are read four at a time, n counting vectors
 */
export const geluForwardWgsl = (vector: boolean): string => /* wgsl */ `
${opening(vector, ["x", "y"])}
  y[i] = 0.5 * x[i] * (1.0 + gate(x[i]));
}
`;

/** x, dy, dx: [n], as {@linkcode geluForwardWgsl}. A thread writes one element; overwrites dx. */
export const geluBackwardWgsl = (vector: boolean): string => /* wgsl */ `
${opening(vector, ["x", "dy", "dx"])}
  dx[i] = dy[i] * slope(x[i]);
}
`;
