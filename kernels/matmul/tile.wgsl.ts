/**
 * The product by tiles in workgroup memory, for GPUs: a workgroup copies a tile of a and one of b, each
 * `depth` deep in k, and each thread multiplies its part of them out of registers. The next tiles are
 * loaded while these are worked on.
 *
 * Both tiles lie with k first, so that a thread reads four rows, or columns, at once; an operand that
 * lies the other way in memory is turned four by four on its way.
 */
import { over, PARAMS, range, results, storage, storeRow, storeSum, XYZW } from "./parts.wgsl.ts";
import type { MatmulForm } from "./problem.ts";

/** What a workgroup and its threads own; all are multiples of 4. */
export interface WorkgroupTile {
  /** Rows, columns and depth of a workgroup's tiles. */
  rows: number;
  columns: number;
  depth: number;
  /** Rows and columns of y that a thread owns. */
  threadRows: number;
  threadColumns: number;
  /** Length of the partial sums that a sum is made of, a multiple of `depth`; absent for one sum. */
  slice?: number;
  /** Whether each partial sum is a result of its own, in a matrix of y along z. @default false */
  split?: boolean;
}

/** Threads of a workgroup along columns and along rows. */
export function tileThreads(tile: WorkgroupTile): [x: number, y: number] {
  return [tile.columns / tile.threadColumns, tile.rows / tile.threadRows];
}

/**
 * a, b, y: as `layout` says; bias: [N]. Thread (x, y) owns every fourth-of-a-part of its tile: the fours
 * of columns x, x + X, …, and the fours of rows y, y + Y, …, for X by Y threads. Elements past a border
 * count as 0 and are not stored.
 */
export function matmulTileWgsl(form: MatmulForm, tile: WorkgroupTile): string {
  const { layout, vectorA, vectorB } = form;
  const { rows, columns, depth, slice, split = false } = tile;
  const [X, Y] = tileThreads(tile);
  const tall = layout === "TN";
  const a: Operand = { name: "a", letter: "A", width: rows, threads: X * Y, turned: !tall, depth };
  const b: Operand = {
    ...{ name: "b", letter: "B", width: columns, threads: X * Y, turned: layout === "NT", depth },
  };
  const sums = each(tile, (i, j) => `s${i}_${j}`);
  const totals = slice && !split;
  const begin = split ? `group.z * ${slice}u` : "0u";
  const end = split ? `min(params.K, first + ${slice}u)` : "params.K";
  return /* wgsl */ `
${PARAMS}
${storage(0, "read", "a", vectorA)}
${storage(1, "read", "b", vectorB)}
${results(form)}
var<workgroup> tileA: array<vec4f, ${depth * rows / 4}>;
var<workgroup> tileB: array<vec4f, ${depth * columns / 4}>;
${loader("a", vectorA, tall ? ["K", "M"] : ["M", "K"])}
${loader("b", vectorB, layout === "NT" ? ["N", "K"] : ["K", "N"])}

@compute @workgroup_size(${X}, ${Y})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = ${begin};
  let end = ${end};
  let originA = group.y * ${rows}u;
  let originB = group.x * ${columns}u;
  let beginA = params.startA + ${split ? "0u" : "group.z * params.batchA"};
  let beginB = ${split ? "0u" : "group.z * params.batchB"};
  let beginY = params.startY + group.z * params.batchY;
  ${
    sums.map((sum) => `var ${sum} = vec4f();${totals ? ` var t${sum} = vec4f();` : ""}`).join(
      "\n  ",
    )
  }
  ${[a, b].flatMap((operand) => fetch(operand, "first", "var ")).join("\n  ")}
  for (var k = first; k < end; k += ${depth}u) {
    ${[a, b].flatMap(place).join("\n    ")}
    workgroupBarrier();
    ${[a, b].flatMap((operand) => fetch(operand, `k + ${depth}u`, "")).join("\n    ")}
    ${range(depth).map((k) => multiply(tile, k)).join("\n    ")}
    workgroupBarrier();
    ${
    totals
      ? `if ((k + ${depth}u) % ${slice}u == 0u || k + ${depth}u >= end) { ${
        sums.map((sum) => `t${sum} += ${sum}; ${sum} = vec4f();`).join(" ")
      } }`
      : ""
  }
  }
  ${store(form, tile, totals ? "t" : "").join("\n  ")}
}
`;
}

interface Operand {
  name: "a" | "b";
  letter: "A" | "B";
  /** Rows of y of a's tile, columns of y of b's. */
  width: number;
  depth: number;
  threads: number;
  /** Whether k runs along the rows of memory, so that fours must be turned. */
  turned: boolean;
}

/** Fours, or blocks of four by four, of a tile that each thread copies. */
function shares({ width, depth, threads, turned }: Operand): { count: number; each: number } {
  const count = turned ? width / 4 * depth / 4 : width / 4 * depth;
  return { count, each: Math.ceil(count / threads) };
}

const each = (
  { threadRows, threadColumns }: WorkgroupTile,
  line: (i: number, j: number) => string,
) => range(threadRows).flatMap((i) => range(threadColumns / 4).map((j) => line(i, j)));

/** \`loadA(begin, row, column)\`: four elements of a row of memory; those past a border are 0. */
function loader(name: "a" | "b", vector: boolean, [rows, columns]: [string, string]): string {
  const letter = name.toUpperCase();
  const load = vector
    ? `return ${name}[at / 4u];`
    : `return vec4f(${
      range(4).map((q) => `select(0.0, ${name}[at + ${q}u], column + ${q}u < params.${columns})`)
        .join(", ")
    });`;
  return `fn load${letter}(begin: u32, row: u32, column: u32) -> vec4f {
  if (row >= params.${rows} || column >= params.${columns}) { return vec4f(); }
  let at = begin + row * params.stride${letter} + column;
  ${load}
}`;
}

/** Loads a thread's share of a tile that starts at `k` into registers. */
function fetch(operand: Operand, k: string, declare: string): string[] {
  const { name, letter, width, depth, threads, turned } = operand;
  const { each } = shares(operand);
  return range(each).flatMap((n) => {
    const index = `(thread + ${n * threads}u)`;
    const load = (row: string, column: string) =>
      `load${letter}(begin${letter}, ${row}, ${column})`;
    if (turned) {
      const [four, step] = [`${index} / ${depth / 4}u`, `${index} % ${depth / 4}u`];
      return range(4).map((r) =>
        `${declare}${name}${n}_${r} = ${
          load(`origin${letter} + ${four} * 4u + ${r}u`, `${k} + ${step} * 4u`)
        };`
      );
    }
    const [step, four] = [`${index} / ${width / 4}u`, `${index} % ${width / 4}u`];
    return [
      `${declare}${name}${n} = ${load(`${k} + ${step}`, `origin${letter} + ${four} * 4u`)};`,
    ];
  });
}

/** Puts what {@linkcode fetch} loaded into the tile. */
function place(operand: Operand): string[] {
  const { name, letter, width, depth, threads, turned } = operand;
  const { count, each } = shares(operand);
  return range(each).map((n) => {
    const index = `(thread + ${n * threads}u)`;
    const put = turned
      ? range(4).map((q) => {
        const at = `(${index} % ${depth / 4}u * 4u + ${q}u) * ${width / 4}u + ${index} / ${
          depth / 4
        }u`;
        return `tile${letter}[${at}] = vec4f(${
          range(4).map((r) => `${name}${n}_${r}.${XYZW[q]}`).join(", ")
        });`;
      })
      : [`tile${letter}[${index}] = ${name}${n};`];
    const whole = (n + 1) * threads <= count;
    return whole ? put.join(" ") : `if (${index} < ${count}u) { ${put.join(" ")} }`;
  });
}

/** Multiplies one step of k out of the tiles. */
function multiply(tile: WorkgroupTile, k: number): string {
  const { rows, columns, threadRows, threadColumns } = tile;
  const [X, Y] = tileThreads(tile);
  const loads = [
    ...range(threadRows / 4).map((i) => `let a${i} = tileA[${k * rows / 4 + i * Y}u + lane.y];`),
    ...range(threadColumns / 4).map((j) =>
      `let b${j} = tileB[${k * columns / 4 + j * X}u + lane.x];`
    ),
  ];
  const sums = each(
    tile,
    (i, j) => `s${i}_${j} = fma(vec4f(a${i >> 2}.${XYZW[i & 3]}), b${j}, s${i}_${j});`,
  );
  return `{ ${[...loads, ...sums].join(" ")} }`;
}

function store(form: MatmulForm, tile: WorkgroupTile, prefix: string): string[] {
  const [X, Y] = tileThreads(tile);
  const columns = range(tile.threadColumns / 4).map((j) => `originB + (lane.x + ${j * X}u) * 4u`);
  return range(tile.threadRows).map((i) =>
    storeRow(
      form,
      `originA + (lane.y + ${(i >> 2) * Y}u) * 4u + ${i & 3}u`,
      columns,
      (j, place) => `${prefix}s${i}_${j}.${XYZW[place]}`,
      (j) => `${prefix}s${i}_${j}`,
    )
  );
}

/**
 * partial: [S, M, N] without gaps; y: [M, N]; bias: [N]. A thread adds up one element's partial sums, or
 * four where y is written so, in their order.
 */
export function sumPartialsWgsl(form: MatmulForm): string {
  const width = form.vectorY ? 4 : 1;
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { S: u32, M: u32, N: u32, startY: u32, strideY: u32 }
${storage(0, "read", "partial", form.vectorY)}
${results(form)}

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  let n = params.M * params.N / ${width}u;
  if (i >= n) { return; }
  var sum = partial[i];
  for (var s = 1u; s < params.S; s++) { sum += partial[s * n + i]; }
  let row = i * ${width}u / params.N;
  let column = i * ${width}u % params.N;
  let at = ${over("(params.startY + row * params.strideY + column)", width)};
  ${storeSum(form, "at", over("column", width), "sum")}
}
`;
}
