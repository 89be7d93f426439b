import { gateWgsl } from "../gelu/mod.ts";
import { placeWgsl } from "../gpu/mod.ts";
import { normedWgsl, type NormRow, statisticsWgsl } from "../layernorm/mod.ts";

/**
 * The linear layer of inference, y = x·w (+ bias, GELU, residual), written out for a number of rows:
 * a thread keeps `rows` × `columns` sums in named registers and adds to each in the order of k alone,
 * so that a row's bits do not depend on how many rows there are or on which variant computes them.
 */

/** What a linear shader is written for. */
export interface LinearVariant {
  /** NN: w [K, N], a thread owns vectors of columns. NT: w [N, K], a thread owns single columns. */
  layout: "NN" | "NT";
  /** Whether K, and in NN N, are walked over four at a time. */
  vector: boolean;
  /** Whether w is in a texture. */
  texels: boolean;
  /** Vectors of x that are bound as a uniform buffer; 0 where x and `add` are storage buffers. */
  uniform: number;
  /** Vectors of the layer norm's gain that are bound as a uniform buffer, as those of its bias. */
  uniformGain: number;
  /** Vectors of `add` that are bound as a uniform buffer. */
  uniformAdd: number;
  /** Rows of y that a thread owns. */
  rows: number;
  /** Columns, or vectors of them, that a thread owns. */
  columns: number;
  /** Threads of a workgroup, along the columns. */
  lanes: number;
  /** Whether x is taken after a layer norm, with `bias` where that has one. */
  norm?: { bias: boolean };
  bias: boolean;
  /** Whether something is added before GELU. */
  delta: boolean;
  gelu: boolean;
  /** Whether a residual is added. */
  add: boolean;
  /** Rows that `cells` has, where columns from C on go to the key and value cache; 0 for none. */
  cells: number;
}

const range = (n: number) => [...Array(n).keys()];
const lines = (n: number, line: (i: number) => string) => range(n).map(line).join("\n  ");
const XYZW = "xyzw";

/**
 * x: [M, K]; gain, offset: [K]; w: as `layout` says; bias: [N]; delta: [M, N], in NN only; add, y: rows
 * `stride` apart, of which this launch writes
 * rows `row` … `row` + M and columns `column` … `column` + N; overwrites y.
 *
 * With a cache: columns [0, C) of the 3C go to y, [C, 2C) to row `cells[…].w` of keys and [2C, 3C) of
 * values, both [cells, C]. Rows past M are computed from the last row and not stored.
 */
export function linearWgsl(v: LinearVariant): string {
  const vectorY = v.vector && v.layout === "NN";
  const type = v.vector ? "vec4f" : "f32";
  const typeY = vectorY ? "vec4f" : "f32";
  let binding = 0;
  const bind = (space: string, name: string, type: string) =>
    `@group(0) @binding(${binding++}) var${space} ${name}: ${type};`;
  const storage = (name: string, access: string, type: string) =>
    bind(`<storage, ${access}>`, name, `array<${type}>`);
  const uniform = (name: string, vectors: number, type: string) =>
    vectors > 0 ? bind("<uniform>", name, `array<vec4f, ${vectors}>`) : storage(name, "read", type);
  const cache = (name: string) =>
    v.texels
      ? bind("", name, "texture_storage_2d<rgba32float, write>")
      : storage(name, "read_write", typeY);
  return /* wgsl */ `
struct Params {
  M: u32, K: u32, N: u32, row: u32, column: u32, stride: u32,${
    v.norm ? " reciprocal: f32, eps: f32," : ""
  }
}
${uniform("x", v.uniform, type)}
${v.norm ? uniform("gain", v.uniformGain, type) : ""}
${v.norm?.bias ? uniform("offset", v.uniformGain, type) : ""}
${v.texels ? bind("", "w", "texture_2d<f32>") : storage("w", "read", type)}
${v.bias ? storage("bias", "read", typeY) : ""}
${v.delta ? storage("delta", "read", typeY) : ""}
${v.add ? uniform("add", v.uniformAdd, typeY) : ""}
${storage("y", "read_write", typeY)}
${v.cells > 0 ? `${cache("keys")}\n${cache("values")}` : ""}
${v.cells > 0 ? bind("<uniform>", "cells", `array<vec4u, ${v.cells}>`) : ""}
@group(0) @binding(${binding}) var<uniform> params: Params;
${v.texels ? placeWgsl : ""}
${v.gelu ? gateWgsl(typeY) : ""}
@compute @workgroup_size(${v.lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.y * ${v.rows}u;
  let K = params.K;
  let N = params.N;
  ${
    lines(
      v.columns,
      (j) =>
        `let column${j} = group.x * ${v.lanes * v.columns}u + ${
          j * v.lanes
        }u + lane; let c${j} = min(column${j}, N - 1u);`,
    )
  }
  ${lines(v.rows, (i) => `let x${i} = min(first + ${i}u, params.M - 1u) * K;`)}
  ${v.norm ? `let C = K;\n  ${lines(v.rows, (i) => statisticsWgsl(normRow(v, i)))}` : ""}
  ${lines(v.rows, (i) => lines(v.columns, (j) => `var s${i}_${j} = ${typeY}();`))}
  for (var k = 0u; k < K; k++) {
    ${(v.layout === "NN" ? outerProduct(v) : dotProduct(v)).join("\n    ")}
  }
  ${lines(v.columns, (j) => store(v, j, typeY))}
}
`;
}

const loadX = (v: LinearVariant) =>
  range(v.rows).map((i) =>
    `let v${i} = ${v.norm ? normedWgsl(normRow(v, i), "k") : `x[x${i} + k]`};`
  )
    .join(" ");

/** Row i of x and its layer norm. */
const normRow = (v: LinearVariant, i: number): NormRow => ({
  ...{ vector: v.vector, bias: v.norm?.bias, suffix: `_${i}` },
  ...{ x: (k) => `x[x${i} + ${k}]`, gain: (k) => `gain[${k}]`, offset: (k) => `offset[${k}]` },
});

const loadW = ({ texels }: LinearVariant, index: string) =>
  texels ? `textureLoad(w, place(${index}), 0)` : `w[${index}]`;

/** For each k, an element of each row of x times a row of w. */
function outerProduct(v: LinearVariant): string[] {
  const add = (j: number, w: string, element: string) =>
    `{ let w = ${w}; ${
      range(v.rows).map((i) => {
        const x = v.vector ? `vec4f(v${i}.${element})` : `v${i}`;
        return `s${i}_${j} = fma(${x}, w, s${i}_${j});`;
      }).join(" ")
    } }`;
  return [
    loadX(v),
    ...range(v.vector ? 4 : 1).flatMap((q) => {
      const k = v.vector ? `(k * 4u + ${q}u)` : "k";
      return range(v.columns).map((j) => add(j, loadW(v, `${k} * N + c${j}`), XYZW[q]));
    }),
  ];
}

/** Dot products of rows of x with rows of w. */
function dotProduct(v: LinearVariant): string[] {
  const add = (i: number, j: number) =>
    v.vector
      ? range(4).map((q) => `s${i}_${j} = fma(v${i}.${XYZW[q]}, w.${XYZW[q]}, s${i}_${j});`)
        .join(" ")
      : `s${i}_${j} = fma(v${i}, w, s${i}_${j});`;
  return [
    loadX(v),
    ...range(v.columns).map((j) =>
      `{ let w = ${loadW(v, `c${j} * K + k`)}; ${range(v.rows).map((i) => add(i, j)).join(" ")} }`
    ),
  ];
}

/**
 * Finishes column j of each row and writes it, in a loop over an array: written out for each row this
 * part would take most of the time that drivers spend on compiling.
 */
function store(v: LinearVariant, j: number, typeY: string): string {
  const at = `row * params.stride + params.column + column${j}`;
  const residual = v.uniformAdd > 0
    ? `(first + i) * params.stride + params.column + column${j}`
    : at;
  const write = (name: string) =>
    v.texels ? `textureStore(${name}, place(cell), r);` : `${name}[cell] = r;`;
  return `if (column${j} < N) {
    ${v.bias ? `let b = bias[params.column + column${j}];` : ""}
    ${v.cells > 0 ? "let third = N / 3u;" : ""}
    var sums: array<${typeY}, ${v.rows}>;
    ${lines(v.rows, (i) => `sums[${i}] = s${i}_${j};`)}
    let count = min(params.M - first, ${v.rows}u);
    for (var i = 0u; i < count; i++) {
      let row = params.row + first + i;
      var r = sums[i]${v.bias ? " + b" : ""}${v.delta ? ` + delta[row * N + column${j}]` : ""};
      ${v.gelu ? `r = 0.5 * r * (${typeY}(1.0) + gate(r));` : ""}
      ${v.add ? `r = add[${residual}] + r;` : ""}
      ${
    v.cells === 0 ? `y[${at}] = r;` : `
      let cell = cells[row].w * third + column${j} % third;
      if (column${j} < third) { y[row * third + column${j}] = r; }
      else if (column${j} < 2u * third) { ${write("keys")} }
      else { ${write("values")} }`
  }
    }
  }`;
}
