import { keepFactorWgsl } from "../random/mod.ts";

/**
 * Multi-head attention: y = softmax(q·kᵀ/√HS)·v over the keys that each query sees, written out for
 * one head size. Source: Dao et al. 2022, "FlashAttention": the softmax is summed online and
 * recomputed from its log-sum-exp in the backward pass, so that no [Tq, Tk] tensor exists.
 *
 * A workgroup has a head and neighbouring rows, a thread a few of them in named registers. It walks
 * over the rows that they meet, one after another whatever the source of their vectors, so that all
 * variants give the same bits; rows that none of them meets cost nothing. Rows past the end are
 * clamped when loaded and not stored.
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
  /** Whether queries are in a tensor of their own (q) beside keys and values (kv), not all in qkv. */
  cross: boolean;
  /** Whether a query sees no key behind its own place. */
  causal: boolean;
  /** Whether what it sees begins at `starts` (causal) or ends at `lengths` (not causal). */
  bounded: boolean;
}

/** Rows that a workgroup copies to its memory at a time. */
const TILE = 16;

/**
 * qkv: [B, T, 3C], or q: [B, Tq, C] and kv: [B, Tk, 2C]; y: [B, Tq, C]; lse: [B, NH, Tq]; starts:
 * [B, T]; lengths: [B]. A thread owns `rows` queries of a head and walks over their keys; overwrites y
 * and lse, the log of the softmax's denominator. A query that sees no key gets zeros.
 */
export function attentionForwardWgsl(form: AttentionForm): string {
  const { type, sum, perRow, perVector, keep, own, put } = parts(form);
  const load = perRow((r) => `
  ${own("q", r)}
  ${perVector((n) => `let q${r}_${n} = ${own.at("q", r, n)} * params.scale;`)}
  ${perVector((n) => `var y${r}_${n} = ${type}();`)}
  var max${r} = -3.0e38;
  var sum${r} = 0.0;`);
  const walk = walkOver(form, "key", ["k", "v"]);
  const dots = perVector((n) =>
    `{
      let part = ${walk.at("k", n)};
      ${perRow((r) => `dot${r} = fma(q${r}_${n}, part, dot${r});`)}
    }`
  );
  // Where a score is a new maximum, what was summed for the old one shrinks.
  const softmax = perRow((r) => `
    let score${r} = select(-3.0e38, ${sum(`dot${r}`)}, ${sees(form, r)});
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
  if (first + ${r}u < Tq) {
    let at = ${put("y", r)};
    // Where there is a key, the largest adds 1.
    let denominator${r} = max(sum${r}, 1.0);
    ${perVector((n) => `y[at + ${n}u] = y${r}_${n} / denominator${r};`)}
    lse[lseStart + row${r}] = max${r} + log(denominator${r});
  }`);
  return shader(
    form,
    "query",
    [...inputs(form), ["y", "read_write", type], ["lse", "read_write", "f32"]],
    walk,
    `
  ${load}
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
 * As the forward pass, and dqkv, or dq: like qkv and q; dy: [B, Tq, C]; delta: [B, NH, Tq]. A thread
 * owns `rows` queries of a head and walks over their keys; overwrites delta, the row sums of dy·y, and
 * the queries' gradient: dq = Σ ds·k/√HS with ds = p·(dy·v − delta).
 */
export function attentionBackwardQueriesWgsl(form: AttentionForm): string {
  const { type, sum, perRow, perVector, keep, own, put } = parts(form);
  const load = perRow((r) => `
  ${own("q", r)}
  ${own("y", r)}
  ${own("dy", r)}
  let lse${r} = lse[lseStart + row${r}];
  ${perVector((n) => `let q${r}_${n} = ${own.at("q", r, n)} * params.scale;`)}
  ${perVector((n) => `let dy${r}_${n} = ${own.at("dy", r, n)};`)}
  ${perVector((n) => `var dq${r}_${n} = ${type}();`)}
  var product${r} = ${type}();
  ${perVector((n) => `product${r} = fma(dy${r}_${n}, ${own.at("y", r, n)}, product${r});`)}
  let delta${r} = ${sum(`product${r}`)};`);
  const walk = walkOver(form, "key", ["k", "v"]);
  const dots = perVector((n) =>
    `{
      let part = ${walk.at("v", n)};
      ${perRow((r) => `dot${r} = fma(q${r}_${n}, k_${n}, dot${r});`)}
      ${perRow((r) => `dp${r} = fma(dy${r}_${n}, part, dp${r});`)}
    }`
  );
  const add = perRow((r) => `
    let p${r} = select(0.0, exp(${sum(`dot${r}`)} - lse${r}), ${sees(form, r)});
    let ds${r} = p${r} * (${sum(`dp${r}`)}${keep(`row${r}`, "key")} - delta${r});
    ${perVector((n) => `dq${r}_${n} = fma(${type}(ds${r}), k_${n}, dq${r}_${n});`)}`);
  const store = perRow((r) => `
  if (first + ${r}u < Tq) {
    let at = ${put("dq", r)};
    ${perVector((n) => `${tensorOf(form, "dq")}[at + ${n}u] = dq${r}_${n} * params.scale;`)}
    delta[lseStart + row${r}] = delta${r};
  }`);
  const storage: Storage[] = [
    ...inputs(form),
    ["y", "read", type],
    ["lse", "read", "f32"],
    ["dy", "read", type],
    [tensorOf(form, "dq"), "read_write", type],
    ["delta", "read_write", "f32"],
  ];
  return shader(
    form,
    "query",
    storage,
    walk,
    `
  ${load}
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
 * As for the queries, and dqkv, or dkv: like qkv and kv. A thread owns `rows` keys of a head and walks
 * over the queries that see them; overwrites the keys' and values' gradients: dk = Σ ds·q/√HS with
 * ds = p·(dy·v − delta), dv = Σ p·dy.
 */
export function attentionBackwardKeysWgsl(form: AttentionForm): string {
  const { type, sum, perRow, perVector, keep, own, put } = parts(form);
  const load = perRow((r) => `
  ${own("k", r)}
  ${own("v", r)}
  ${perVector((n) => `let k${r}_${n} = ${own.at("k", r, n)} * params.scale;`)}
  ${perVector((n) => `let v${r}_${n} = ${own.at("v", r, n)};`)}
  ${perVector((n) => `var dk${r}_${n} = ${type}();`)}
  ${perVector((n) => `var dv${r}_${n} = ${type}();`)}`);
  const walk = walkOver(form, "query", ["q", "dy"]);
  const dots = perRow((r) => `
    var dot${r} = ${type}();
    var dp${r} = ${type}();
    ${perVector((n) => `dot${r} = fma(q_${n}, k${r}_${n}, dot${r});`)}
    ${perVector((n) => `dp${r} = fma(dy_${n}, v${r}_${n}, dp${r});`)}`);
  const into = tensorOf(form, "dk");
  const factor = (r: number) => keep("query", `(first + ${r}u)`);
  const add = perRow((r) => `
    let p${r} = select(0.0, exp(${sum(`dot${r}`)} - lse_q), ${isSeen(form, r)});
    let kept${r} = 1.0${factor(r)};
    let ds${r} = p${r} * (${sum(`dp${r}`)} * kept${r} - delta_q);
    ${perVector((n) => `dk${r}_${n} = fma(${type}(ds${r}), q_${n}, dk${r}_${n});`)}
    ${perVector((n) => `dv${r}_${n} = fma(${type}(p${r} * kept${r}), dy_${n}, dv${r}_${n});`)}`);
  const store = perRow((r) => `
  if (first + ${r}u < Tk) {
    let at = ${put("dk", r)};
    ${perVector((n) => `${into}[at + ${n}u] = dk${r}_${n} * params.scale;`)}
    ${perVector((n) => `${into}[at + C + ${n}u] = dv${r}_${n};`)}
  }`);
  const storage: Storage[] = [
    ...inputs(form),
    ["lse", "read", "f32"],
    ["dy", "read", type],
    ["delta", "read", "f32"],
    [into, "read_write", type],
  ];
  return shader(
    form,
    "key",
    storage,
    walk,
    `
  ${load}
  ${
      walk.loop(`
    let lse_q = lse[lseStart + query];
    let delta_q = delta[lseStart + query];
    ${form.causal && form.bounded ? "let start_q = starts[walked + query];" : ""}
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

/** The vectors of a head. */
type Role = "q" | "k" | "v" | "y" | "dy" | "dq" | "dk";

/** Where the vectors of a role are: their tensor, its first column for them, and its width. */
function layoutOf({ cross }: AttentionForm, role: Role): [string, column: string, width: string] {
  if (role === "y" || role === "dy") return [role, "0u", "C"];
  const gradient = role.startsWith("d") ? "d" : "";
  const part = role.at(-1)!;
  if (!cross) return [`${gradient}qkv`, { q: "0u", k: "C", v: "2u * C" }[part]!, "3u * C"];
  if (part === "q") return [`${gradient}q`, "0u", "C"];
  return [`${gradient}kv`, part === "k" ? "0u" : "C", "2u * C"];
}

const tensorOf = (form: AttentionForm, role: Role) => layoutOf(form, role)[0];

/** The tensors of queries, keys and values. */
function inputs(form: AttentionForm): Storage[] {
  const type = isWide(form) ? "vec4f" : "f32";
  const names = new Set([tensorOf(form, "q"), tensorOf(form, "k")]);
  return [...names].map((name) => [name, "read", type]);
}

/** Finds vectors of a row, as `cursorTo` declared it. */
function vectorAt(form: AttentionForm, role: Role, cursor: string, n: number): string {
  const tensor = tensorOf(form, role);
  return form.source === "matrix"
    ? `textureLoad(${tensor}, ${cursor} + vec2u(${n}u, 0u))`
    : `${tensor}[${cursor} + ${n}u]`;
}

/** Declares where a head's vectors of a row begin. */
function cursorTo(form: AttentionForm, cursor: string, role: Role, row: string): string {
  const [, column, width] = layoutOf(form, role);
  return form.source === "matrix"
    ? `let ${cursor} = vec2u(${column} + channel, ${row});`
    : `let ${cursor} = (${row}) * ${width} + ${column} + channel;`;
}

/** What the shaders of a form are put together from. */
function parts(form: AttentionForm) {
  const { rows, dropout } = form;
  const wide = isWide(form);
  /** Declares where a thread's row r of a tensor begins. */
  const own = (role: Role, r: number) => cursorTo(form, `${role}At${r}`, role, `owned + row${r}`);
  own.at = (role: Role, r: number, n: number) => vectorAt(form, role, `${role}At${r}`, n);
  return {
    /** What a register or an element of a binding holds. */
    type: wide ? "vec4f" : "f32",
    sum: (vector: string) => wide ? `dot(${vector}, vec4f(1.0))` : vector,
    perRow: (line: (r: number) => string) => repeat(rows, line),
    perVector: (line: (n: number) => string) => repeat(sizeOf(form), line),
    /** Multiplies by 0 or 1 / (1 − rate), where dropout is on. */
    keep: (query: string, key: string) =>
      dropout ? ` * keepFactor((group.y * Tq + ${query}) * Tk + ${key})` : "",
    own,
    /** Where a thread's row r of a result begins. */
    put: (role: Role, r: number) => {
      const [, column, width] = layoutOf(form, role);
      return `(owned + row${r}) * ${width} + ${column} + channel`;
    },
  };
}

/** Whether a thread's query r sees the key that the walk is at. */
function sees({ causal, bounded }: AttentionForm, r: number): string {
  if (!causal) return "true"; // The walk ends where the keys do.
  return `key <= first + ${r}u${bounded ? ` && key >= start${r}` : ""}`;
}

/** Whether a thread's key r is seen by the query that the walk is at. */
function isSeen({ causal, bounded }: AttentionForm, r: number): string {
  if (!causal) return bounded ? `first + ${r}u < length` : "true";
  return `query >= first + ${r}u${bounded ? ` && start_q <= first + ${r}u` : ""}`;
}

/**
 * Declares `begin` and `end` of a walk: the rows that those from `from` to `to`, which a thread or
 * where it must its workgroup owns, may meet.
 */
function boundsOf(
  { causal, bounded }: AttentionForm,
  walked: "key" | "query",
  from: string,
  to: string,
): string {
  if (walked === "key") {
    if (causal) {
      return `let begin = ${bounded ? `starts[owned + ${from}]` : "0u"};
  let end = min(${to}, Tk);`;
    }
    return `let begin = 0u;
  let end = ${bounded ? "min(lengths[batch], Tk)" : "Tk"};`;
  }
  if (!causal) {
    return bounded
      ? `let length = lengths[batch];
  let begin = 0u;
  let end = select(0u, Tq, ${from} < length);`
      : `let begin = 0u;
  let end = Tq;`;
  }
  if (!bounded) {
    return `let begin = ${from};
  let end = Tq;`;
  }
  // Starts never fall: halves the range until the first query of a later document is found.
  return `let begin = ${from};
  var end = begin + 1u;
  for (var above = Tq; end < above;) {
    let middle = (end + above) / 2u;
    if (starts[walked + middle] < ${to}) { end = middle + 1u; } else { above = middle; }
  }`;
}

interface Walk {
  /** What the workgroup shares. */
  shared: string;
  /** A vector of the row that the walk is at. */
  at(role: Role, n: number): string;
  loop(body: string): string;
}

/** A walk over the rows that a thread's own ones meet, of which each step needs some vectors. */
function walkOver(form: AttentionForm, row: "key" | "query", roles: Role[]): Walk {
  const { source, rows, block } = form;
  const size = sizeOf(form);
  if (source !== "tile") {
    const cursors = roles.map((role) => cursorTo(form, `${role}Row`, role, `walked + ${row}`));
    return {
      shared: "",
      at: (role, n) => vectorAt(form, role, `${role}Row`, n),
      loop: (body) =>
        `${boundsOf(form, row, "first", `first + ${rows}u`)}
  for (var ${row} = begin; ${row} < end; ${row}++) {
    ${cursors.join("\n    ")}
    ${body}
  }`,
    };
  }
  const type = isWide(form) ? "vec4f" : "f32";
  const own = block * rows;
  const copies = roles.map((role) => {
    const [tensor, column, width] = layoutOf(form, role);
    return `${role}Tile[i] = ${tensor}[(walked + min(tile + i / ${size}u, count - 1u)) * ${width} + ${column} + channel + i % ${size}u];`;
  });
  return {
    shared: roles.map((role) => `var<workgroup> ${role}Tile: array<${type}, ${TILE * size}>;`)
      .join("\n"),
    at: (role, n) => `${role}Tile[(${row} - tile) * ${size}u + ${n}u]`,
    loop: (body) =>
      `let count = ${row === "key" ? "Tk" : "Tq"};
  ${boundsOf(form, row, `group.x * ${own}u`, `(group.x + 1u) * ${own}u`)}
  for (var tile = begin; tile < end; tile += ${TILE}u) {
    workgroupBarrier();
    for (var i = lane.x; i < ${TILE * size}u; i += ${block}u) {
      ${copies.join("\n      ")}
    }
    workgroupBarrier();
    for (var ${row} = tile; ${row} < min(tile + ${TILE}u, end); ${row}++) {
    ${body}
    }
  }`,
  };
}

type Storage = [name: string, access: string, type: string];

/** Declares the bindings, in order, opens main and finds a thread's head and rows. */
function shader(
  form: AttentionForm,
  owns: "query" | "key",
  storage: Storage[],
  walk: Walk,
  body: string,
): string {
  const { rows, block, source, dropout, causal, bounded } = form;
  const all: Storage[] = [...storage];
  if (bounded) all.push([causal ? "starts" : "lengths", "read", "u32"]);
  if (dropout) all.push(["clock", "read", "u32"]);
  const declared = all.map(([name, access, type], i) =>
    source === "matrix" && access === "read" && type === "vec4f"
      ? `@group(0) @binding(${i}) var ${name}: texture_storage_2d<rgba32float, read>;`
      : `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`
  );
  const [own, other] = owns === "query" ? ["Tq", "Tk"] : ["Tk", "Tq"];
  return /* wgsl */ `
struct Params {
  Tq: u32, Tk: u32, NH: u32, scale: f32,
  ${dropout ? "layer: u32, threshold: u32, factor: f32," : ""}
}
${declared.join("\n")}
@group(0) @binding(${all.length}) var<uniform> params: Params;
${walk.shared}
${dropout ? keepFactorWgsl : ""}

@compute @workgroup_size(${block})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let Tq = params.Tq;
  let Tk = params.Tk;
  let C = params.NH * ${sizeOf(form)}u;
  let first = (group.x * ${block}u + lane.x) * ${rows}u;
  ${source === "tile" ? "" : `if (first >= ${own}) { return; }`}
  let batch = group.y / params.NH;
  let owned = batch * ${own};
  let walked = batch * ${other};
  let channel = group.y % params.NH * ${sizeOf(form)}u;
  let lseStart = group.y * Tq;
  ${repeat(rows, (r) => `let row${r} = min(first + ${r}u, ${own} - 1u);`)}
  ${
    owns === "query" && causal && bounded
      ? repeat(rows, (r) => `let start${r} = starts[owned + row${r}];`)
      : ""
  }
  ${body}
}
`;
}
