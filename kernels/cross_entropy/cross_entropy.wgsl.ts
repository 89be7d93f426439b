/** What a cross-entropy shader is written for. */
export interface CrossEntropyVariant {
  /** Threads that share a row: 1, or a workgroup. */
  lanes: number;
  /** Whether rows have weights. */
  weighted: boolean;
  /** Whether the logits become their own gradient. */
  backward: boolean;
  /** Whether a part of each target is spread over all columns. */
  smoothed: boolean;
}

/** Threads of a workgroup that shares a row. */
export const ROW_LANES = 64;

/**
 * Softmax cross-entropy of rows: loss = weight·(log Σ exp(x − max) − (x[target] − max)), and
 * backward dx = (softmax(x) − onehot(target))·weight·scale; both are 0 where the target is below 0.
 * Smoothed, x[target] is (1 − ε)·x[target] + ε·mean(x), and onehot(target) likewise.
 *
 * logits: [rows, V]; targets, weights, losses: [rows]; scale: [1]. Where V is small a thread has a
 * row; where it is large a workgroup shares one: a thread takes every lanes-th column, four at a
 * time, then combines the maxima and sums of all in their order. The thread whose column is the
 * target's writes the loss before it overwrites that column.
 * Overwrites losses, and in the backward variant logits.
 */
export function crossEntropyWgsl(
  { lanes, weighted, backward, smoothed }: CrossEntropyVariant,
): string {
  const shared = lanes > 1;
  const smooth = (code: string) => smoothed ? code : "";
  const quad = [0, 1, 2, 3];
  let binding = 0;
  const storage = (name: string, access: string, type: string) =>
    `@group(0) @binding(${binding++}) var<storage, ${access}> ${name}: array<${type}>;`;
  return /* wgsl */ `
${shared ? "" : "override BLOCK: u32 = 64;"}
struct Params { rows: u32, V: u32, ${smooth("smoothing: f32")} }
${storage("logits", backward ? "read_write" : "read", "f32")}
${storage("targets", "read", "i32")}
${weighted ? storage("weights", "read", "f32") : ""}
${backward ? storage("scale", "read", "f32") : ""}
${storage("losses", "read_write", "f32")}
@group(0) @binding(${binding}) var<uniform> params: Params;
const LANES = ${lanes}u;
${
    shared
      ? `
var<workgroup> maxima: array<f32, LANES>;
var<workgroup> sums: array<f32, LANES>;
${smooth("var<workgroup> totals: array<f32, LANES>;")}

@compute @workgroup_size(${lanes})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.x + group.y * groups.x;`
      : `
@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let lane = 0u;
  let row = id.x + id.y * groups.x * BLOCK;`
  }
  if (row >= params.rows) { return; }
  let V = params.V;
  let start = row * V;
  var top = -3.0e38;
  var sum = 0.0;
  ${smooth("var total = 0.0;")}
  var j = lane;
  for (; j + 3u * LANES < V; j += 4u * LANES) {
    ${quad.map((q) => `let x${q} = logits[start + j + ${q}u * LANES];`).join("\n    ")}
    let larger = max(max(top, max(x0, x1)), max(x2, x3));
    let found = (exp(x0 - larger) + exp(x1 - larger)) + (exp(x2 - larger) + exp(x3 - larger));
    sum = sum * exp(top - larger) + found;
    top = larger;
    ${smooth("total += (x0 + x1) + (x2 + x3);")}
  }
  for (; j < V; j += LANES) {
    let x = logits[start + j];
    let larger = max(top, x);
    sum = sum * exp(top - larger) + exp(x - larger);
    top = larger;
    ${smooth("total += x;")}
  }
  ${
    shared
      ? `
  maxima[lane] = top;
  sums[lane] = sum;
  ${smooth("totals[lane] = total;")}
  workgroupBarrier();
  for (var i = 0u; i < LANES; i++) { top = max(top, maxima[i]); }
  sum = 0.0;
  for (var i = 0u; i < LANES; i++) { sum += sums[i] * exp(maxima[i] - top); }
  ${smooth("total = 0.0; for (var i = 0u; i < LANES; i++) { total += totals[i]; }")}`
      : ""
  }
  let answer = targets[row];
  let counts = answer >= 0;
  let weight = ${weighted ? "weights[row]" : "1.0"};
  let column = select(0u, u32(answer), counts);
  if (lane == column % LANES) {
    let wanted = ${
    smoothed
      ? "mix(logits[start + column], total / f32(V), params.smoothing)"
      : "logits[start + column]"
  };
    let loss = weight * (log(sum) - (wanted - top));
    losses[row] = select(0.0, loss, counts);
  }
  ${
    backward
      ? `
  let factor = weight * scale[0];
  let hit = ${smoothed ? "1.0 - params.smoothing + params.smoothing / f32(V)" : "1.0"};
  let miss = ${smoothed ? "params.smoothing / f32(V)" : "0.0"};
  for (var j = lane; j < V; j += LANES) {
    let p = exp(logits[start + j] - top) / sum;
    logits[start + j] = select(0.0, (p - select(miss, hit, j == column)) * factor, counts);
  }`
      : ""
  }
}
`;
}
