import { keepFactorWgsl } from "../random/mod.ts";

/**
 * Causal multi-head self-attention: y = softmax(q·kᵀ/√HS)·v over the keys up to each query, written
 * out for one head size. Source: Dao et al. 2022, "FlashAttention": the softmax is summed online and
 * recomputed from its log-sum-exp in the backward pass, so that no [T, T] tensor exists.
 *
 * A workgroup has a head and neighbouring rows, a thread a few of them in named registers. It walks
 * over the rows that they meet, one after another whatever the source of their vectors, so that all
 * variants give the same bits. Rows past the end are clamped when loaded and not stored.
 */

/** What an attention shader is written for. */
export interface AttentionForm {
  /** Channels of a head, HS; read four at a time where 4 divides it. */
  headSize: number;
  /** Neighbouring rows of queries, or of keys, that a thread owns. */
  rows: number;
  /** Threads of a workgroup. */
  block: number;
  /**
   * Where the vectors that all threads walk over come from: storage buffers, matrices, or buffers by
   * way of the workgroup's memory.
   */
  source: "buffer" | "matrix" | "tile";
  /** Whether probabilities are dropped. */
  dropout: boolean;
}

/** Rows that a workgroup copies to its memory at a time. */
const TILE = 16;

/**
 * qkv: [B, T, 3C], y: [B, T, C], lse: [B, NH, T]. A thread owns `rows` queries of a head and walks
 * over their keys; overwrites y and lse, the log of the softmax's denominator.
 */
export function attentionForwardWgsl(form: AttentionForm): string {
  const { type, sum, perRow, perVector, keep, own, put } = parts(form);
  const load = perRow((r) => `
  ${own("q", "qkv", r, "0u")}
  ${perVector((n) => `let q${r}_${n} = ${own.at("q", "qkv", r, n)} * params.scale;`)}
  ${perVector((n) => `var y${r}_${n} = ${type}();`)}
  var max${r} = -3.0e38;
  var sum${r} = 0.0;`);
  const walk = walkOver(form, "key", { begin: "0u", end: "end" }, [
    { name: "k", tensor: "qkv", column: "C" },
    { name: "v", tensor: "qkv", column: "2u * C" },
  ]);
  const dots = perVector((n) =>
    `{
      let part = ${walk.at("k", n)};
      ${perRow((r) => `dot${r} = fma(q${r}_${n}, part, dot${r});`)}
    }`
  );
  // Where a score is a new maximum, what was summed for the old one shrinks.
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
      let part = ${walk.at("v", n)};
      ${perRow((r) => `y${r}_${n} = fma(y${r}_${n}, ${type}(shrink${r}), kept${r} * part);`)}
    }`
  );
  const store = perRow((r) => `
  if (first + ${r}u < T) {
    let at = ${put(r, "C", "0u")};
    ${perVector((n) => `y[at + ${n}u] = y${r}_${n} / sum${r};`)}
    lse[lseStart + row${r}] = max${r} + log(sum${r});
  }`);
  return shader(
    form,
    [["qkv", "read", type], ["y", "read_write", type], ["lse", "read_write", "f32"]],
    walk,
    `
  ${load}
  let end = min(${walk.last}, T);
  ${
      walk.loop(`
    ${perRow((r) => `var dot${r} = ${type}();`)}
    ${dots}
    ${softmax}
    ${add}`)
    }
  ${store}`,
  );
}

/**
 * qkv, dqkv: [B, T, 3C]; y, dy: [B, T, C]; lse, delta: [B, NH, T]. A thread owns `rows` queries of a
 * head and walks over their keys; overwrites delta, the row sums of dy·y, and the queries' part of
 * dqkv: dq = Σ ds·k/√HS with ds = p·(dy·v − delta).
 */
export function attentionBackwardQueriesWgsl(form: AttentionForm): string {
  const { type, sum, perRow, perVector, keep, own, put } = parts(form);
  const load = perRow((r) => `
  ${own("q", "qkv", r, "0u")}
  ${own("y", "y", r, "0u")}
  ${own("dy", "dy", r, "0u")}
  let lse${r} = lse[lseStart + row${r}];
  ${perVector((n) => `let q${r}_${n} = ${own.at("q", "qkv", r, n)} * params.scale;`)}
  ${perVector((n) => `let dy${r}_${n} = ${own.at("dy", "dy", r, n)};`)}
  ${perVector((n) => `var dq${r}_${n} = ${type}();`)}
  var product${r} = ${type}();
  ${perVector((n) => `product${r} = fma(dy${r}_${n}, ${own.at("y", "y", r, n)}, product${r});`)}
  let delta${r} = ${sum(`product${r}`)};`);
  const walk = walkOver(form, "key", { begin: "0u", end: "end" }, [
    { name: "k", tensor: "qkv", column: "C" },
    { name: "v", tensor: "qkv", column: "2u * C" },
  ]);
  const dots = perVector((n) =>
    `{
      let part = ${walk.at("v", n)};
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
    let at = ${put(r, "3u * C", "0u")};
    ${perVector((n) => `dqkv[at + ${n}u] = dq${r}_${n} * params.scale;`)}
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
  return shader(
    form,
    storage,
    walk,
    `
  ${load}
  let end = min(${walk.last}, T);
  ${
      walk.loop(`
    ${perRow((r) => `var dot${r} = ${type}(); var dp${r} = ${type}();`)}
    ${perVector((n) => `let k_${n} = ${walk.at("k", n)};`)}
    ${dots}
    ${add}`)
    }
  ${store}`,
  );
}

/**
 * qkv, dqkv: [B, T, 3C]; dy: [B, T, C]; lse, delta: [B, NH, T]. A thread owns `rows` keys of a head
 * and walks over the queries that see them; overwrites the keys' and values' part of dqkv:
 * dk = Σ ds·q/√HS with ds = p·(dy·v − delta), dv = Σ p·dy.
 */
export function attentionBackwardKeysWgsl(form: AttentionForm): string {
  const { type, sum, perRow, perVector, keep, own, put } = parts(form);
  const load = perRow((r) => `
  ${own("k", "qkv", r, "C")}
  ${own("v", "qkv", r, "2u * C")}
  ${perVector((n) => `let k${r}_${n} = ${own.at("k", "qkv", r, n)} * params.scale;`)}
  ${perVector((n) => `let v${r}_${n} = ${own.at("v", "qkv", r, n)};`)}
  ${perVector((n) => `var dk${r}_${n} = ${type}();`)}
  ${perVector((n) => `var dv${r}_${n} = ${type}();`)}`);
  const walk = walkOver(form, "query", { begin: "first", end: "T" }, [
    { name: "q", tensor: "qkv", column: "0u" },
    { name: "dy", tensor: "dy", column: "0u" },
  ]);
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
    let at = ${put(r, "3u * C", "C")};
    ${perVector((n) => `dqkv[at + ${n}u] = dk${r}_${n} * params.scale;`)}
    ${perVector((n) => `dqkv[at + C + ${n}u] = dv${r}_${n};`)}
  }`);
  const storage: Storage[] = [
    ["qkv", "read", type],
    ["lse", "read", "f32"],
    ["dy", "read", type],
    ["delta", "read", "f32"],
    ["dqkv", "read_write", type],
  ];
  return shader(
    form,
    storage,
    walk,
    `
  ${load}
  ${
      walk.loop(`
    let lse_q = lse[lseStart + query];
    let delta_q = delta[lseStart + query];
    ${perVector((n) => `let q_${n} = ${walk.at("q", n)};`)}
    ${perVector((n) => `let dy_${n} = ${walk.at("dy", n)};`)}
    ${dots}
    ${add}`)
    }
  ${store}`,
  );
}

const repeat = (n: number, line: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => line(i)).join("\n    ");

const isWide = ({ headSize }: AttentionForm) => headSize % 4 === 0;

/** Vectors of a head, or scalars where it is not read four at a time. */
const sizeOf = (form: AttentionForm) => isWide(form) ? form.headSize / 4 : form.headSize;

/** Vectors of a row of a tensor. */
const strideOf = (tensor: string) => tensor === "qkv" ? "3u * C" : "C";

/** Finds vectors of a row, as `cursor` declared it. */
function vectorAt({ source }: AttentionForm, tensor: string, cursor: string, n: number): string {
  return source === "matrix"
    ? `textureLoad(${tensor}, ${cursor} + vec2u(${n}u, 0u))`
    : `${tensor}[${cursor} + ${n}u]`;
}

/** Declares where a head's vectors of a row begin, from a column on. */
function cursorTo(
  { source }: AttentionForm,
  cursor: string,
  [tensor, row, column]: [tensor: string, row: string, column: string],
): string {
  return source === "matrix"
    ? `let ${cursor} = vec2u(${column} + channel, sequence + ${row});`
    : `let ${cursor} = (sequence + ${row}) * ${strideOf(tensor)} + ${column} + channel;`;
}

/** What the shaders of a form are put together from. */
function parts(form: AttentionForm) {
  const { rows, dropout } = form;
  const wide = isWide(form);
  /** Declares where a thread's row r of a tensor begins. */
  const own = (name: string, tensor: string, r: number, column: string) =>
    cursorTo(form, `${name}At${r}`, [tensor, `row${r}`, column]);
  own.at = (name: string, tensor: string, r: number, n: number) =>
    vectorAt(form, tensor, `${name}At${r}`, n);
  return {
    /** What a register or an element of a binding holds. */
    type: wide ? "vec4f" : "f32",
    sum: (vector: string) => wide ? `dot(${vector}, vec4f(1.0))` : vector,
    perRow: (line: (r: number) => string) => repeat(rows, line),
    perVector: (line: (n: number) => string) => repeat(sizeOf(form), line),
    /** Multiplies by 0 or 1 / (1 − rate), where dropout is on. */
    keep: (query: string, key: string) =>
      dropout ? ` * keepFactor((group.y * T + ${query}) * T + ${key})` : "",
    own,
    /** Where a thread's row r of a result begins. */
    put: (r: number, stride: string, column: string) =>
      `(sequence + row${r}) * ${stride} + ${column} + channel`,
  };
}

interface Walk {
  /** End of the rows that a thread, or where it must its workgroup, has queries up to. */
  last: string;
  /** What the workgroup shares. */
  shared: string;
  /** A vector of the row that the walk is at. */
  at(name: string, n: number): string;
  loop(body: string): string;
}

/** A walk over rows, of which each step needs the vectors of some columns. */
function walkOver(
  form: AttentionForm,
  row: string,
  { begin, end }: { begin: string; end: string },
  vectors: { name: string; tensor: string; column: string }[],
): Walk {
  const { source, rows, block } = form;
  const size = sizeOf(form);
  if (source !== "tile") {
    const cursors = vectors.map(({ name, tensor, column }) =>
      cursorTo(form, `${name}Row`, [tensor, row, column])
    );
    return {
      last: `first + ${rows}u`,
      shared: "",
      at: (name, n) =>
        vectorAt(form, vectors.find((each) => each.name === name)!.tensor, `${name}Row`, n),
      loop: (body) =>
        `for (var ${row} = ${begin}; ${row} < ${end}; ${row}++) {
    ${cursors.join("\n    ")}
    ${body}
  }`,
    };
  }
  const type = isWide(form) ? "vec4f" : "f32";
  const own = block * rows;
  const start = begin === "0u" ? "0u" : `group.x * ${own}u / ${TILE}u * ${TILE}u`;
  const copies = vectors.map(({ name, tensor, column }) =>
    `${name}Tile[i] = ${tensor}[(sequence + min(tile + i / ${size}u, T - 1u)) * ${
      strideOf(tensor)
    } + ${column} + channel + i % ${size}u];`
  );
  return {
    last: `(group.x + 1u) * ${own}u`,
    shared: vectors.map(({ name }) => `var<workgroup> ${name}Tile: array<${type}, ${TILE * size}>;`)
      .join("\n"),
    at: (name, n) => `${name}Tile[(${row} - tile) * ${size}u + ${n}u]`,
    loop: (body) =>
      `for (var tile = ${start}; tile < ${end}; tile += ${TILE}u) {
    workgroupBarrier();
    for (var i = lane.x; i < ${TILE * size}u; i += ${block}u) {
      ${copies.join("\n      ")}
    }
    workgroupBarrier();
    for (var ${row} = tile; ${row} < min(tile + ${TILE}u, ${end}); ${row}++) {
    ${body}
    }
  }`,
  };
}

type Storage = [name: string, access: string, type: string];

/** Declares the bindings, in order, opens main and finds a thread's head and rows. */
function shader(form: AttentionForm, storage: Storage[], walk: Walk, body: string): string {
  const { rows, block, source, dropout } = form;
  const all: Storage[] = dropout ? [...storage, ["clock", "read", "u32"]] : storage;
  const declared = all.map(([name, access, type], i) =>
    source === "matrix" && access === "read" && type === "vec4f"
      ? `@group(0) @binding(${i}) var ${name}: texture_storage_2d<rgba32float, read>;`
      : `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`
  );
  return /* wgsl */ `
struct Params {
  T: u32, NH: u32, scale: f32,
  ${dropout ? "layer: u32, threshold: u32, factor: f32," : ""}
}
${declared.join("\n")}
@group(0) @binding(${all.length}) var<uniform> params: Params;
${walk.shared}
${dropout ? keepFactorWgsl : ""}

@compute @workgroup_size(${block})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let T = params.T;
  let C = params.NH * ${sizeOf(form)}u;
  let first = (group.x * ${block}u + lane.x) * ${rows}u;
  ${source === "tile" ? "" : "if (first >= T) { return; }"}
  let sequence = group.y / params.NH * T;
  let channel = group.y % params.NH * ${sizeOf(form)}u;
  let lseStart = group.y * T;
  ${repeat(rows, (r) => `let row${r} = min(first + ${r}u, T - 1u);`)}
  ${body}
}
`;
}
