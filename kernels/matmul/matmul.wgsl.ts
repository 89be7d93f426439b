/**
 * Matrix product y = a·b in the three layouts of a linear layer, written out from one template:
 * a thread keeps a tile of y in named registers and reads each element of a and b that its tile needs
 * once for each k. The inner loops are unrolled here, because naga unrolls nothing and an array
 * indexed by a variable would leave the registers.
 */

import {
  over,
  PARAMS,
  range,
  type RegisterTile,
  results,
  storage,
  storeRow,
  XYZW,
} from "./parts.wgsl.ts";
import type { MatmulForm } from "./problem.ts";

/** The part of y that a thread owns, and the threads of a workgroup along columns and rows. */
export interface PlainTile extends RegisterTile {
  lanes: { columns: number; rows: number };
}

type PlainForm = MatmulForm & PlainTile;

/**
 * The plain shader.
 *
 * a, b, y: as `layout` says, rows `strideA`, `strideB`, `strideY` elements apart, matrices of a batch
 * `batchA`, `batchB`, `batchY` elements apart; bias: [N]. A thread owns `rows` neighbouring rows and
 * `columns` columns of y, four neighbouring ones each 4·lanes.columns columns. Indices past the
 * border are clamped in the loop and not stored.
 */
export function matmulWgsl(form: MatmulForm, tile: PlainTile): string {
  const variant = withLoads({ ...form, ...tile });
  const { layout, lanes, vectorA, vectorB } = variant;
  return /* wgsl */ `
${PARAMS}
${storage(0, "read", "a", vectorA)}
${storage(1, "read", "b", vectorB)}
${results(variant)}

@compute @workgroup_size(${lanes.columns}, ${lanes.rows})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let row = (group.y * ${lanes.rows}u + lane.y) * ${variant.rows}u;
  let column = group.x * ${lanes.columns * variant.columns}u + lane.x * 4u;
  if (row >= params.M) { return; }
  let beginA = params.startA + group.z * params.batchA;
  let beginB = group.z * params.batchB;
  let beginY = params.startY + group.z * params.batchY;
  ${(layout === "NT" ? dotProduct(variant) : outerProduct(variant)).join("\n  ")}
  ${store(variant).join("\n  ")}
}
`;
}

/** In NT both operands are read alike; a result that is kept in scalars is written so, but in NT. */
function withLoads(v: PlainForm): PlainForm {
  const both = v.vectorA && v.vectorB;
  if (v.layout === "NT") return { ...v, vectorA: both, vectorB: both };
  return { ...v, vectorY: v.vectorY && v.vectorB };
}

/** Column of a tile's column j. */
const columnOf = ({ lanes }: PlainTile, j: number) =>
  `column + ${(j >> 2) * 4 * lanes.columns + (j & 3)}u`;

/** Whether a tile's row is kept in vec4 registers s{i}_{j/4}, or in scalars s{i}_{j}. */
const inVectors = ({ layout, vectorB }: PlainForm) => layout !== "NT" && vectorB;

/** NN and TN: for each k, a column of a times a row of b. */
function outerProduct(variant: PlainForm): string[] {
  const { layout, rows, columns, vectorA, vectorB } = variant;
  const widthA = vectorA ? 4 : 1;
  const widthB = vectorB ? 4 : 1;
  const strideA = over("params.strideA", widthA);
  const begin = (name: string, index: string, last: string, width: number) =>
    `${over(`begin${name}`, width)} + min(${over(`(${index})`, width)}, ${
      over(`params.${last}`, width)
    } - 1u)`;
  const zero = vectorB ? "vec4f()" : "0.0";
  const registers = range(columns / widthB);
  const declare = [
    ...registers.map((j) =>
      `let b${j} = ${begin("B", columnOf(variant, j * widthB), "N", widthB)};`
    ),
    ...(layout === "TN"
      ? range(rows / widthA).map((i) =>
        `let a${i} = ${begin("A", `row + ${i * widthA}u`, "M", widthA)};`
      )
      : range(rows).map((i) =>
        `let a${i} = ${over("beginA", widthA)} + min(row + ${i}u, params.M - 1u) * (${strideA});`
      )),
    ...range(rows).flatMap((i) => registers.map((j) => `var s${i}_${j} = ${zero};`)),
  ];
  const loadB = (k: string) =>
    registers.map((j) => `let w${j} = b[b${j} + (${k}) * (${over("params.strideB", widthB)})];`);
  const add = (a: (i: number) => string) =>
    range(rows).flatMap((i) =>
      registers.map((j) =>
        `s${i}_${j} = fma(${vectorB ? `vec4f(${a(i)})` : a(i)}, w${j}, s${i}_${j});`
      )
    );
  const loadA = (k: string, count: number) =>
    range(count).map((i) =>
      `let v${i} = a[a${i} + ${layout === "TN" ? `(${k}) * (${strideA})` : k}];`
    );
  const block = (...parts: string[][]) => `{ ${parts.flat().join(" ")} }`;
  if (layout === "NN" && vectorA) {
    return [
      ...declare,
      `for (var k = 0u; k < params.K / 4u; k++) {`,
      ...loadA("k", rows),
      ...range(4).map((q) => block(loadB(`k * 4u + ${q}u`), add((i) => `v${i}.${XYZW[q]}`))),
      `}`,
    ];
  }
  const element = (i: number) => vectorA ? `v${i >> 2}.${XYZW[i & 3]}` : `v${i}`;
  const step = (k: string) => block(loadA(k, rows / widthA), loadB(k), add(element));
  return [
    ...declare,
    `var k = 0u;`,
    `for (; k + 3u < params.K; k += 4u) {`,
    ...range(4).map((q) => step(`k + ${q}u`)),
    `}`,
    `for (; k < params.K; k++) ${step("k")}`,
  ];
}

/** NT: dot products of rows of a with rows of b. */
function dotProduct(variant: PlainForm): string[] {
  const { rows, columns, vectorA } = variant;
  const width = vectorA ? 4 : 1;
  const rowStart = (name: string, index: string, last: string) =>
    `${over(`begin${name}`, width)} + min(${index}, params.${last} - 1u) * (${
      over(`params.stride${name}`, width)
    })`;
  const add = (i: number, j: number) =>
    vectorA
      ? range(4).map((q) => `s${i}_${j} = fma(v${i}.${XYZW[q]}, w.${XYZW[q]}, s${i}_${j});`).join(
        " ",
      )
      : `s${i}_${j} = fma(v${i}, w, s${i}_${j});`;
  return [
    ...range(rows).map((i) => `let a${i} = ${rowStart("A", `row + ${i}u`, "M")};`),
    ...range(columns).map((j) => `let b${j} = ${rowStart("B", columnOf(variant, j), "N")};`),
    ...range(rows).flatMap((i) => range(columns).map((j) => `var s${i}_${j} = 0.0;`)),
    `for (var k = 0u; k < ${over("params.K", width)}; k++) {`,
    ...range(rows).map((i) => `let v${i} = a[a${i} + k];`),
    ...range(columns).map((j) =>
      `{ let w = b[b${j} + k]; ${range(rows).map((i) => add(i, j)).join(" ")} }`
    ),
    `}`,
  ];
}

/** Writes the tile to y. */
function store(variant: PlainForm): string[] {
  const { rows, columns } = variant;
  const fours = range(columns / 4).map((four) => columnOf(variant, 4 * four));
  return range(rows).map((i) => {
    const value = (four: number, place: number) =>
      inVectors(variant) ? `s${i}_${four}.${XYZW[place]}` : `s${i}_${4 * four + place}`;
    const vector = (four: number) =>
      inVectors(variant)
        ? `s${i}_${four}`
        : `vec4f(${range(4).map((place) => value(four, place)).join(", ")})`;
    return storeRow(variant, `row + ${i}u`, fours, value, vector);
  });
}
