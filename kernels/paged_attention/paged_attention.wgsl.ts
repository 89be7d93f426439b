import { placeWgsl } from "../gpu/mod.ts";

/**
 * Attention of rows of any sequences over a cache of keys and values in blocks: y = softmax(q·kᵀ/√HS)·v
 * over the keys up to each row's position.
 * Sources: Kwon et al. 2023, "Efficient Memory Management for Large Language Model Serving with
 * PagedAttention"; Dao et al. 2022, "FlashAttention"; Dao et al. 2023, "Flash-Decoding".
 *
 * The keys are dealt to `lanes` threads by their positions; each thread sums its softmax online in the order
 * of positions, then all are added in the order of threads. So a row's bits depend on nothing but its own
 * keys: not on where they lie, on other rows, or on how many rows a thread has.
 */

/** Tokens of a block of the cache. */
export const BLOCK_TOKENS = 16;

/** What a paged attention shader is written for. */
export interface PagedAttentionVariant {
  /** Number of heads, NH. */
  heads: number;
  /** Channels of a head, HS; walked over four at a time where `vector`. */
  headSize: number;
  vector: boolean;
  /** Whether keys and values are in textures. */
  texels: boolean;
  /** Vectors of q that are bound as a uniform buffer; 0 for a storage buffer. */
  uniform: number;
  /** Rows of `rows`. */
  rows: number;
  /** Vectors of the block table that are bound as a uniform buffer; 0 for a storage buffer. */
  table: number;
  /** Threads that share the keys of a row, a workgroup; with 1 a workgroup's threads work on their own. */
  lanes: number;
  /** Neighbouring rows that a thread works on; a key is loaded once for those of one sequence. */
  tile: number;
  /** The projection that a workgroup of 8 threads, one a head, takes its one row through. @default none */
  projection?: { bias: boolean };
}

/** Threads of a workgroup where each works on its own. */
export const ALONE = 8;

const range = (n: number) => [...Array(n).keys()];
const lines = (n: number, line: (i: number) => string) => range(n).map(line).join("\n      ");

/**
 * q, y: [at least M, C]; keys, values: [cells, C]; rows: slot, position, token and cell of each row;
 * blocks: [slots, W], the blocks of each slot's sequence in order. A thread, or a workgroup, owns a head of
 * `tile` rows, of which those from M on are not stored; overwrites y. A launch works on rows from `first` on.
 */
export function pagedAttentionWgsl(v: PagedAttentionVariant): string {
  const type = v.vector ? "vec4f" : "f32";
  const size = v.vector ? v.headSize / 4 : v.headSize;
  const alone = v.lanes === 1;
  const sum = (value: string) => v.vector ? `dot(${value}, vec4f(1.0))` : value;
  const each = (line: (n: number) => string) => lines(size, line);
  const perRow = (line: (r: number) => string) => lines(v.tile, line);
  const cache = (binding: number, name: string) =>
    `@group(0) @binding(${binding}) var${
      v.texels ? ` ${name}: texture_2d<f32>` : `<storage, read> ${name}: array<${type}>`
    };`;
  const load = (name: string, n: number) =>
    v.texels ? `textureLoad(${name}, place(at + ${n}u), 0)` : `${name}[at + ${n}u]`;
  return /* wgsl */ `
struct Params { M: u32, NH: u32, W: u32, first: u32, scale: f32 }
@group(0) @binding(0) var${
    v.uniform > 0 ? `<uniform> q: array<vec4f, ${v.uniform}>` : `<storage, read> q: array<${type}>`
  };
${cache(1, "keys")}
${cache(2, "values")}
@group(0) @binding(3) var<uniform> rows: array<vec4u, ${v.rows}>;
@group(0) @binding(4) var${
    v.table > 0
      ? `<uniform> blocks: array<vec4u, ${v.table}>`
      : "<storage, read> blocks: array<u32>"
  };
@group(0) @binding(5) var<storage, read_write> y: array<${type}>;
@group(0) @binding(6) var<uniform> params: Params;
${v.projection ? projected(v, size) : ""}
const LANES = ${v.lanes}u;
${alone ? "" : shared(v, type, size)}
${v.texels ? placeWgsl : ""}
fn blockOf(i: u32) -> u32 { return ${v.table > 0 ? "blocks[i >> 2u][i & 3u]" : "blocks[i]"}; }

@compute @workgroup_size(${alone ? ALONE : v.lanes})
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let M = params.M;
  let C = params.NH * ${size}u;
  // Heads of one row lie next to each other: their loops are equally long.
  let owner = ${alone ? `id.x + id.y * groups.x * ${ALONE}u` : "group.x + group.y * groups.x"};
  let lane = ${alone ? "0u" : "index"};
  let head = owner % params.NH * ${size}u;
  let tile = owner / params.NH * ${v.tile}u;
  ${v.projection ? "" : "if (tile >= M) { return; }"}
  // Loads and stores stand in loops over arrays: written out, drivers compile them for seconds.
  var own: array<${type}, ${v.tile * size}>;
  for (var i = 0u; i < ${v.tile * size}u; i++) {
    let row = min(tile + i / ${size}u, M - 1u);
    own[i] = q[row * C + head + i % ${size}u] * params.scale;
  }
  ${
    perRow((r) => `
  let row${r} = rows[params.first + min(tile + ${r}u, M - 1u)];
  ${each((n) => `let q${r}_${n} = own[${r * size + n}]; var y${r}_${n} = ${type}();`)}
  var top${r} = -3.0e38;
  var sum${r} = 0.0;`)
  }
  // Rows of one sequence share their keys; others are done one after another.
  let alike = ${range(v.tile - 1).map((r) => `row${r + 1}.x == row0.x`).join(" && ") || "true"};
  let turns = select(${v.tile}u, 1u, alike);
  for (var turn = 0u; turn < turns; turn++) {
    var slot = row0.x;
    ${
    range(v.tile - 1).map((r) => `if (!alike && turn == ${r + 1}u) { slot = row${r + 1}.x; }`)
      .join("\n    ")
  }
    ${
    perRow((r) =>
      `let end${r} = select(0u, row${r}.y + 1u, (alike || turn == ${r}u)${
        v.projection ? " && tile < M" : ""
      });`
    )
  }
    let end = ${range(v.tile).reduce((max, r) => r === 0 ? "end0" : `max(${max}, end${r})`, "")};
    let table = slot * params.W;
    for (var key = lane; key < end; key += LANES) {
      let cell = blockOf(table + key / ${BLOCK_TOKENS}u) * ${BLOCK_TOKENS}u + key % ${BLOCK_TOKENS}u;
      let at = cell * C + head;
      ${perRow((r) => `var dot${r} = ${type}();`)}
      ${
    each((n) =>
      `{ let part = ${load("keys", n)}; ${
        range(v.tile).map((r) => `dot${r} = fma(q${r}_${n}, part, dot${r});`).join(" ")
      } }`
    )
  }
      ${
    perRow((r) => `
      let seen${r} = key < end${r};
      let score${r} = ${sum(`dot${r}`)};
      let rise${r} = select(top${r}, max(top${r}, score${r}), seen${r});
      let shrink${r} = exp(top${r} - rise${r});
      let p${r} = exp(score${r} - rise${r});
      sum${r} = select(sum${r}, fma(sum${r}, shrink${r}, p${r}), seen${r});
      top${r} = rise${r};`)
  }
      ${
    each((n) =>
      `{ let part = ${load("values", n)}; ${
        range(v.tile).map((r) =>
          `y${r}_${n} = select(y${r}_${n}, fma(y${r}_${n}, ${type}(shrink${r}), p${r} * part), seen${r});`
        ).join(" ")
      } }`
    )
  }
    }
  }
  ${perRow((r) => each((n) => `own[${r * size + n}] = y${r}_${n};`))}
  var ends: array<vec2f, ${v.tile}>;
  ${perRow((r) => `ends[${r}] = vec2f(top${r}, sum${r});`)}
  ${v.projection ? project(v, size) : store(v, type, size)}
}
`;
}

/** Writes the rows of a thread, or workgroup. */
function store({ lanes, tile }: PagedAttentionVariant, type: string, size: number): string {
  return `
  let count = min(M - tile, ${tile}u);
  for (var r = 0u; r < count; r++) {
    let into = (params.first + tile + r) * C + head;
    ${
    lanes === 1
      ? `for (var n = 0u; n < ${size}u; n++) { y[into + n] = own[r * ${size}u + n] / ends[r].y; }`
      : combine(type, size)
  }
  }`;
}

/** What a projection binds: w: [C, C]; bias: [C]; add: [at least 1, C]. */
function projected({ projection, heads }: PagedAttentionVariant, size: number): string {
  return `
@group(0) @binding(7) var w: texture_2d<f32>;
@group(0) @binding(8) var<storage, read> add: array<vec4f>;
${projection?.bias ? "@group(0) @binding(9) var<storage, read> bias: array<vec4f>;" : ""}
var<workgroup> attended: array<vec4f, ${heads * size}>;`;
}

/** The row times w, summed as a linear layer sums it. */
function project({ projection, heads }: PagedAttentionVariant, size: number): string {
  const C = heads * size;
  const columns = range(Math.ceil(C / ALONE));
  const each = (line: (j: number) => string) => columns.map(line).join("\n    ");
  return `
  if (tile < M) {
    for (var n = 0u; n < ${size}u; n++) { attended[head + n] = own[n] / ends[0].y; }
  }
  workgroupBarrier();
  let first = id.x % ${ALONE}u;
  ${each((j) => `let c${j} = min(first + ${j * ALONE}u, ${C - 1}u); var s${j} = vec4f();`)}
  for (var k = 0u; k < ${C}u; k++) {
    let x = attended[k];
    ${
    [..."xyzw"].map((part, q) =>
      each((j) =>
        `s${j} = fma(vec4f(x.${part}), textureLoad(w, place((k * 4u + ${q}u) * ${C}u + c${j}), 0), s${j});`
      )
    ).join("\n    ")
  }
  }
  var sums: array<vec4f, ${columns.length}>;
  ${each((j) => `sums[${j}] = s${j};`)}
  for (var j = 0u; j < ${columns.length}u; j++) {
    let column = first + j * ${ALONE}u;
    if (column < ${C}u) { y[column] = add[column] + (sums[j]${
    projection?.bias ? " + bias[column]" : ""
  }); }
  }`;
}

function shared({ lanes }: PagedAttentionVariant, type: string, size: number): string {
  return `
var<workgroup> tops: array<f32, ${lanes}>;
var<workgroup> sums: array<f32, ${lanes}>;
var<workgroup> parts: array<${type}, ${lanes * size}>;`;
}

/** Adds up what the threads of a workgroup have found for row r. */
function combine(type: string, size: number): string {
  return `
    tops[lane] = ends[r].x;
    workgroupBarrier();
    var high = tops[0];
    for (var i = 1u; i < LANES; i++) { high = max(high, tops[i]); }
    let factor = exp(ends[r].x - high);
    sums[lane] = ends[r].y * factor;
    for (var n = 0u; n < ${size}u; n++) { parts[lane * ${size}u + n] = own[r * ${size}u + n] * factor; }
    workgroupBarrier();
    var total = 0.0;
    for (var i = 0u; i < LANES; i++) { total += sums[i]; }
    for (var n = lane; n < ${size}u; n += LANES) {
      var part = ${type}();
      for (var i = 0u; i < LANES; i++) { part += parts[i * ${size}u + n]; }
      y[into + n] = part / total;
    }
    workgroupBarrier();`;
}
