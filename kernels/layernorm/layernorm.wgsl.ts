import { readerOf } from "../gpu/mod.ts";

/**
 * Layer norm of rows: y = (x − mean)·rstd·gain + bias with rstd = 1/√(variance + ε).
 * Source: Ba, Kiros & Hinton 2016, "Layer Normalization".
 *
 * A thread owns a row: no barriers, and the order of each sum is fixed.
 */

/** What a layer norm shader is written for. */
export interface LayernormVariant {
  /** Whether channels are read four at a time, C counting vectors. */
  vector: boolean;
  /** Whether there is a bias. */
  bias?: boolean;
  /** Whether dx is added to instead of overwritten. */
  accumulate?: boolean;
  /** Whether what is only read is read as matrices. */
  matrix?: boolean;
  /** Vectors of x that are bound as a uniform buffer, as gain and bias are; 0 for storage buffers. */
  uniform?: number;
  /** Vectors of gain and bias that are bound as uniform buffers. */
  uniformGain?: number;
  /** Whether mean and rstd are kept. */
  saved?: boolean;
}

const typeOf = ({ vector }: LayernormVariant) => vector ? "vec4f" : "f32";
const sumOf = ({ vector }: LayernormVariant, value: string) =>
  vector ? `dot(${value}, vec4f(1.0))` : value;

/** How a row's statistics are named and what they are computed from. */
export interface NormRow extends Pick<LayernormVariant, "vector" | "bias"> {
  /** Ends the names of this row's variables. */
  suffix: string;
  /** WGSL of element, or vector, i of x, of the gain and of the bias. */
  x: (i: string) => string;
  gain: (i: string) => string;
  offset: (i: string) => string;
}

/**
 * WGSL that finds mean and deviation of a row of C elements or vectors; takes `params.reciprocal`, 1 / C in
 * elements, and `params.eps`.
 */
export function statisticsWgsl(v: NormRow): string {
  const { suffix: r } = v;
  const type = typeOf(v);
  return /* wgsl */ `
  var sum${r} = ${type}();
  for (var i = 0u; i < C; i++) { sum${r} += ${v.x("i")}; }
  let rough${r} = ${sumOf(v, `sum${r}`)} * params.reciprocal;
  // Centred before it is squared: E[x²] − E[x]² would cancel where the mean is large. What the centred
  // values still sum to is the mean's rounding error, which 1/√ε would blow up in a nearly even row.
  var rest${r} = ${type}();
  var squares${r} = ${type}();
  for (var i = 0u; i < C; i++) {
    let c = ${v.x("i")} - rough${r};
    rest${r} += c;
    squares${r} += c * c;
  }
  let error${r} = ${sumOf(v, `rest${r}`)} * params.reciprocal;
  let variance${r} = max(${
    sumOf(v, `squares${r}`)
  } * params.reciprocal - error${r} * error${r}, 0.0);
  let s${r} = inverseSqrt(variance${r} + params.eps);`;
}

/** WGSL of element, or vector, i of a row after {@linkcode statisticsWgsl}. */
export function normedWgsl({ suffix: r, bias, x, gain, offset }: NormRow, i: string): string {
  return `(${x(i)} - rough${r} - error${r}) * s${r} * ${gain(i)}${bias ? ` + ${offset(i)}` : ""}`;
}

/**
 * x, y: [N, C]; gain, bias: [C]; mean, rstd: [N]. A thread owns a row; overwrites y, mean, rstd. A
 * launch works on the rows of y from `first` on.
 */
export function layernormForwardWgsl(v: LayernormVariant): string {
  const type = typeOf(v);
  const read = (binding: number, name: string, vectors = 0) => {
    const reader = readerOf(binding, name, v, "C");
    if (vectors === 0) return reader;
    const space = `<uniform> ${name}: array<vec4f, ${vectors}>`;
    return { ...reader, declare: `@group(0) @binding(${binding}) var${space};` };
  };
  const [x, gain, bias] = [
    read(0, "x", v.uniform),
    read(1, "gain", v.uniformGain),
    read(4, "bias", v.uniformGain),
  ];
  const row: NormRow = {
    ...{ vector: v.vector, bias: v.bias, suffix: "" },
    ...{ x: (i) => x.at("row", i), gain: (i) => gain.at("0u", i), offset: (i) => bias.at("0u", i) },
  };
  return /* wgsl */ `
override BLOCK: u32 = 8;
struct Params { N: u32, C: u32, first: u32, reciprocal: f32, eps: f32 }
${x.declare}
${gain.declare}
@group(0) @binding(2) var<storage, read_write> y: array<${type}>;
@group(0) @binding(3) var<uniform> params: Params;
${v.bias ? bias.declare : ""}
${
    v.saved
      ? `
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;`
      : ""
  }

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * BLOCK;
  if (row >= params.N) { return; }
  let C = params.C;
  ${statisticsWgsl(row)}
  let into = (params.first + row) * C;
  for (var i = 0u; i < C; i++) { y[into + i] = ${normedWgsl(row, "i")}; }
  ${v.saved ? "mean[row] = rough + error;\n  rstd[row] = s;" : ""}
}
`;
}

/**
 * x, dy, dx: [N, C]; gain: [C]; mean, rstd: [N]. A thread owns a row; overwrites dx or adds to it:
 * dx = rstd·(g − Σg/C − x̂·Σ(g·x̂)/C) with g = dy·gain, x̂ = (x − mean)·rstd.
 */
export function layernormBackwardWgsl(v: LayernormVariant): string {
  const type = typeOf(v);
  const x = readerOf(0, "x", v, "params.C");
  const gain = readerOf(1, "gain", v, "params.C");
  const dy = readerOf(4, "dy", v, "params.C");
  return /* wgsl */ `
override BLOCK: u32 = 8;
struct Params { N: u32, C: u32, reciprocal: f32 }
${x.declare}
${gain.declare}
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
${dy.declare}
@group(0) @binding(5) var<storage, read_write> dx: array<${type}>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * BLOCK;
  if (row >= params.N) { return; }
  let m = mean[row];
  let s = rstd[row];
  var sum = ${type}();
  var product = ${type}();
  for (var i = 0u; i < params.C; i++) {
    let g = ${dy.at("row", "i")} * ${gain.at("0u", "i")};
    sum += g;
    product += g * (${x.at("row", "i")} - m) * s;
  }
  let a = ${sumOf(v, "sum")} * params.reciprocal;
  let b = ${sumOf(v, "product")} * params.reciprocal;
  for (var i = 0u; i < params.C; i++) {
    let g = ${dy.at("row", "i")} * ${gain.at("0u", "i")};
    dx[row * params.C + i] ${v.accumulate ? "+=" : "="} s * (g - a - (${
    x.at("row", "i")
  } - m) * s * b);
  }
}
`;
}

/**
 * x, dy: [N, C]; mean, rstd: [N]; partial: [S, C] of gains, then [S, C] of biases where there are any.
 * A thread sums a column (or four) over one of S slices of rows; overwrites partial.
 */
export function layernormSlicesWgsl(v: LayernormVariant): string {
  const type = typeOf(v);
  const x = readerOf(0, "x", v, "params.C");
  const dy = readerOf(3, "dy", v, "params.C");
  const [mean, rstd] = ["mean", "rstd"].map((name, i) => {
    const { declare, at } = readerOf(1 + i, name, { vector: false, matrix: v.matrix }, "0u");
    return { declare, row: v.matrix ? `${at("0u", "row / 4u")}[row % 4u]` : at("0u", "row") };
  });
  return /* wgsl */ `
override BLOCK: u32 = 8;
struct Params { N: u32, C: u32, S: u32 }
${x.declare}
${mean.declare}
${rstd.declare}
${dy.declare}
@group(0) @binding(4) var<storage, read_write> gains: array<${type}>;
${v.bias ? `@group(0) @binding(5) var<storage, read_write> biases: array<${type}>;` : ""}
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.S * params.C) { return; }
  let slice = i / params.C;
  let column = i % params.C;
  var dgain = ${type}();
  var dbias = ${type}();
  for (var row = slice; row < params.N; row += params.S) {
    let d = ${dy.at("row", "column")};
    dgain += d * (${x.at("row", "column")} - ${mean.row}) * ${rstd.row};
    dbias += d;
  }
  gains[i] = dgain;
  ${v.bias ? "biases[i] = dbias;" : ""}
}
`;
}
