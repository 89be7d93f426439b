import { keepFactorWgsl } from "../random/mod.ts";

/**
 * Causal multi-head self-attention: y = softmax(q·kᵀ/√HS)·v over the keys up to each query, written
 * out for one head size. Source: Dao et al. 2022, "FlashAttention": the softmax is summed online and
 * recomputed from its log-sum-exp in the backward pass, so that no [T, T] tensor exists.
 *
 * A thread keeps a few neighbouring rows in named registers and walks over the others, so that a
 * loaded vector serves all its rows; neighbouring threads own neighbouring rows, so that their loops
 * are of about one length. Rows past the end are clamped when loaded and not stored.
 */

/** What an attention shader is written for. */
export interface AttentionVariant {
  /** Channels of a head, HS; read four at a time where 4 divides it. */
  headSize: number;
  /** Neighbouring rows of queries, or of keys, that a thread owns. */
  rows: number;
  /** Whether probabilities are dropped. */
  dropout: boolean;
}

/**
 * qkv: [B, T, 3C], y: [B, T, C], lse: [B, NH, T]. A thread owns `rows` queries of a head and walks
 * over their keys; overwrites y and lse, the log of the softmax's denominator.
 */
export function attentionForwardWgsl(variant: AttentionVariant): string {
  const { type, sum, perRow, perVector, locate, keep } = parts(variant);
  const load = perRow((r) => `
  let q${r} = qkvStart + row${r} * 3u * C;
  ${perVector((n) => `let q${r}_${n} = qkv[q${r} + ${n}u] * params.scale;`)}
  ${perVector((n) => `var y${r}_${n} = ${type}();`)}
  var max${r} = -3.0e38;
  var sum${r} = 0.0;`);
  const dots = perVector((n) =>
    `{
      let part = qkv[k + ${n}u];
      ${perRow((r) => `dot${r} = fma(q${r}_${n}, part, dot${r});`)}
    }`
  );
  const softmax = perRow((r) => `
    let score${r} = select(-3.0e38, ${sum(`dot${r}`)}, key <= first + ${r}u);
    let top${r} = max(max${r}, score${r});
    let shrink${r} = exp(max${r} - top${r});
    let p${r} = exp(score${r} - top${r});
    max${r} = top${r};
    sum${r} = fma(sum${r}, shrink${r}, p${r});
    let kept${r} = p${r}${keep(`row${r}`, "key")};`);
  const add = perVector((n) =>
    `{
      let part = qkv[v + ${n}u];
      ${perRow((r) => `y${r}_${n} = fma(y${r}_${n}, ${type}(shrink${r}), kept${r} * part);`)}
    }`
  );
  const store = perRow((r) => `
  if (first + ${r}u < T) {
    let at = yStart + row${r} * C;
    ${perVector((n) => `y[at + ${n}u] = y${r}_${n} / sum${r};`)}
    lse[lseStart + row${r}] = max${r} + log(sum${r});
  }`);
  return /* wgsl */ `
${header(variant, [["qkv", "read", type], ["y", "read_write", type], ["lse", "read_write", "f32"]])}
  ${locate}
  ${load}
  let end = min(first + ${variant.rows}u, T);
  for (var key = 0u; key < end; key++) {
    let k = qkvStart + key * 3u * C + C;
    let v = k + C;
    ${perRow((r) => `var dot${r} = ${type}();`)}
    ${dots}
    // Where a score is a new maximum, what was summed for the old one shrinks.
    ${softmax}
    ${add}
  }
  ${store}
}
`;
}

/**
 * qkv, dqkv: [B, T, 3C]; y, dy: [B, T, C]; lse, delta: [B, NH, T]. A thread owns `rows` queries of a
 * head and walks over their keys; overwrites delta, the row sums of dy·y, and the queries' part of
 * dqkv: dq = Σ ds·k/√HS with ds = p·(dy·v − delta).
 */
export function attentionBackwardQueriesWgsl(variant: AttentionVariant): string {
  const { type, sum, perRow, perVector, locate, keep } = parts(variant);
  const load = perRow((r) => `
  let q${r} = qkvStart + row${r} * 3u * C;
  let y${r} = yStart + row${r} * C;
  let lse${r} = lse[lseStart + row${r}];
  ${perVector((n) => `let q${r}_${n} = qkv[q${r} + ${n}u] * params.scale;`)}
  ${perVector((n) => `let dy${r}_${n} = dy[y${r} + ${n}u];`)}
  ${perVector((n) => `var dq${r}_${n} = ${type}();`)}
  var product${r} = ${type}();
  ${perVector((n) => `product${r} = fma(dy${r}_${n}, y[y${r} + ${n}u], product${r});`)}
  let delta${r} = ${sum(`product${r}`)};`);
  const dots = perVector((n) =>
    `{
      let part = qkv[v + ${n}u];
      ${perRow((r) => `dot${r} = fma(q${r}_${n}, k_${n}, dot${r});`)}
      ${perRow((r) => `dp${r} = fma(dy${r}_${n}, part, dp${r});`)}
    }`
  );
  const add = perRow((r) => `
    let p${r} = select(0.0, exp(${sum(`dot${r}`)} - lse${r}), key <= first + ${r}u);
    let ds${r} = p${r} * (${sum(`dp${r}`)}${keep(`row${r}`, "key")} - delta${r});
    ${perVector((n) => `dq${r}_${n} = fma(${type}(ds${r}), k_${n}, dq${r}_${n});`)}`);
  const store = perRow((r) => `
  if (first + ${r}u < T) {
    ${perVector((n) => `dqkv[q${r} + ${n}u] = dq${r}_${n} * params.scale;`)}
    delta[lseStart + row${r}] = delta${r};
  }`);
  const storage: Storage[] = [
    ["qkv", "read", type],
    ["y", "read", type],
    ["lse", "read", "f32"],
    ["dy", "read", type],
    ["dqkv", "read_write", type],
    ["delta", "read_write", "f32"],
  ];
  return /* wgsl */ `
${header(variant, storage)}
  ${locate}
  ${load}
  let end = min(first + ${variant.rows}u, T);
  for (var key = 0u; key < end; key++) {
    let k = qkvStart + key * 3u * C + C;
    let v = k + C;
    ${perRow((r) => `var dot${r} = ${type}(); var dp${r} = ${type}();`)}
    ${perVector((n) => `let k_${n} = qkv[k + ${n}u];`)}
    ${dots}
    ${add}
  }
  ${store}
}
`;
}

/**
 * qkv, dqkv: [B, T, 3C]; dy: [B, T, C]; lse, delta: [B, NH, T]. A thread owns `rows` keys of a head
 * and walks over the queries that see them; overwrites the keys' and values' part of dqkv:
 * dk = Σ ds·q/√HS with ds = p·(dy·v − delta), dv = Σ p·dy.
 */
export function attentionBackwardKeysWgsl(variant: AttentionVariant): string {
  const { type, sum, perRow, perVector, locate, keep } = parts(variant);
  const load = perRow((r) => `
  let k${r} = qkvStart + row${r} * 3u * C + C;
  let v${r} = k${r} + C;
  ${perVector((n) => `let k${r}_${n} = qkv[k${r} + ${n}u] * params.scale;`)}
  ${perVector((n) => `let v${r}_${n} = qkv[v${r} + ${n}u];`)}
  ${perVector((n) => `var dk${r}_${n} = ${type}();`)}
  ${perVector((n) => `var dv${r}_${n} = ${type}();`)}`);
  const dots = perRow((r) => `
    var dot${r} = ${type}();
    var dp${r} = ${type}();
    ${perVector((n) => `dot${r} = fma(q_${n}, k${r}_${n}, dot${r});`)}
    ${perVector((n) => `dp${r} = fma(dy_${n}, v${r}_${n}, dp${r});`)}`);
  const factor = (r: number) => keep("query", `(first + ${r}u)`);
  const add = perRow((r) => `
    let p${r} = select(0.0, exp(${sum(`dot${r}`)} - lse_q), query >= first + ${r}u);
    let kept${r} = 1.0${factor(r)};
    let ds${r} = p${r} * (${sum(`dp${r}`)} * kept${r} - delta_q);
    ${perVector((n) => `dk${r}_${n} = fma(${type}(ds${r}), q_${n}, dk${r}_${n});`)}
    ${perVector((n) => `dv${r}_${n} = fma(${type}(p${r} * kept${r}), dy_${n}, dv${r}_${n});`)}`);
  const store = perRow((r) => `
  if (first + ${r}u < T) {
    ${perVector((n) => `dqkv[k${r} + ${n}u] = dk${r}_${n} * params.scale;`)}
    ${perVector((n) => `dqkv[v${r} + ${n}u] = dv${r}_${n};`)}
  }`);
  const storage: Storage[] = [
    ["qkv", "read", type],
    ["lse", "read", "f32"],
    ["dy", "read", type],
    ["delta", "read", "f32"],
    ["dqkv", "read_write", type],
  ];
  return /* wgsl */ `
${header(variant, storage)}
  ${locate}
  ${load}
  for (var query = first; query < T; query++) {
    let q = qkvStart + query * 3u * C;
    let o = yStart + query * C;
    let lse_q = lse[lseStart + query];
    let delta_q = delta[lseStart + query];
    ${perVector((n) => `let q_${n} = qkv[q + ${n}u];`)}
    ${perVector((n) => `let dy_${n} = dy[o + ${n}u];`)}
    ${dots}
    ${add}
  }
  ${store}
}
`;
}

const repeat = (n: number, line: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => line(i)).join("\n    ");

/** What the shaders of a variant are put together from. */
function parts({ headSize, rows, dropout }: AttentionVariant) {
  const wide = headSize % 4 === 0;
  const size = wide ? headSize / 4 : headSize;
  return {
    /** What a register or an element of a binding holds. */
    type: wide ? "vec4f" : "f32",
    sum: (vector: string) => wide ? `dot(${vector}, vec4f(1.0))` : vector,
    perRow: (line: (r: number) => string) => repeat(rows, line),
    perVector: (line: (n: number) => string) => repeat(size, line),
    /** Multiplies by 0 or 1 / (1 − rate), where dropout is on. */
    keep: (query: string, key: string) =>
      dropout ? ` * keepFactor((head * T + ${query}) * T + ${key})` : "",
    /** Finds a lane's head and rows, and where the head starts in qkv, y and lse. */
    locate: /* wgsl */ `
  let T = params.T;
  let C = params.NH * ${size}u;
  let tiles = (T + ${rows - 1}u) / ${rows}u;
  let head = lane / tiles; // b·NH + h
  let first = lane % tiles * ${rows}u;
  let qkvStart = head / params.NH * T * 3u * C + head % params.NH * ${size}u;
  let yStart = head / params.NH * T * C + head % params.NH * ${size}u;
  let lseStart = head * T;
  ${repeat(rows, (r) => `let row${r} = min(first + ${r}u, T - 1u);`)}`,
  };
}

type Storage = [name: string, access: string, type: string];

/** Declares the bindings, in order, and opens main. */
function header({ dropout }: AttentionVariant, storage: Storage[]): string {
  const all: Storage[] = dropout ? [...storage, ["clock", "read", "u32"]] : storage;
  const declared = all.map(([name, access, type], i) =>
    `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`
  );
  return /* wgsl */ `
override BLOCK: u32 = 32;
struct Params {
  T: u32, NH: u32, lanes: u32, scale: f32,
  ${dropout ? "layer: u32, threshold: u32, factor: f32," : ""}
}
${declared.join("\n")}
@group(0) @binding(${all.length}) var<uniform> params: Params;
${dropout ? keepFactorWgsl : ""}

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let lane = id.x + id.y * groups.x * BLOCK;
  if (lane >= params.lanes) { return; }`;
}
