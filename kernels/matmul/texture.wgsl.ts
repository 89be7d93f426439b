/**
 * The product with both operands in textures: software adapters load from a texture several times as
 * fast as from a storage buffer. A thread keeps a tile of y in named registers; four steps of k are
 * loaded at a time and then added to one sum after another, so that a sum is fetched and put away once
 * for the four.
 */
import { over, PARAMS, range, type RegisterTile, results, storeRow, XYZW } from "./parts.wgsl.ts";
import type { MatmulForm } from "./problem.ts";

/** Threads of a workgroup: the width of Mesa's software driver. */
export const TEXTURE_LANES = 8;

/**
 * a, b: matrices as `layout` says; y: [M, N]; bias: [N]. A thread owns `rows` neighbouring rows and
 * `columns` columns of y, four neighbouring ones each 4·TEXTURE_LANES. What is loaded past a border is
 * not stored.
 */
export function matmulTextureWgsl(form: MatmulForm, { rows, columns }: RegisterTile): string {
  const fours = range(columns / 4);
  const columnOf = (four: number) => `column + ${four * 4 * TEXTURE_LANES}u`;
  const inVectors = form.layout !== "NT";
  const sums = range(rows).flatMap((i) =>
    fours.flatMap((four) =>
      inVectors
        ? `var s${i}_${four} = vec4f();`
        : range(4).map((place) => `var s${i}_${4 * four + place} = 0.0;`)
    )
  );
  const value = (i: number) => (four: number, place: number) =>
    inVectors ? `s${i}_${four}.${XYZW[place]}` : `s${i}_${4 * four + place}`;
  const vector = (i: number) => (four: number) =>
    inVectors
      ? `s${i}_${four}`
      : `vec4f(${range(4).map((place) => value(i)(four, place)).join(", ")})`;
  const body = form.layout === "NT"
    ? dotProduct(rows, columns, columnOf)
    : outerProduct(form, rows, fours.length);
  return /* wgsl */ `
${PARAMS}
@group(0) @binding(0) var a: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var b: texture_storage_2d<rgba32float, read>;
${results(form)}

@compute @workgroup_size(${TEXTURE_LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let row = group.y * ${rows}u;
  let column = group.x * ${TEXTURE_LANES * columns}u + lane.x * 4u;
  let beginY = params.startY;
  ${sums.join("\n  ")}
  ${body.join("\n  ")}
  ${
    range(rows).map((i) => storeRow(form, `row + ${i}u`, fours.map(columnOf), value(i), vector(i)))
      .join("\n  ")
  }
}
`;
}

const block = (lines: string[]) => `{ ${lines.join(" ")} }`;

/** NN and TN: for each k, a column of a times a row of b. */
function outerProduct({ layout }: MatmulForm, rows: number, fours: number): string[] {
  const loadB = (k: string, q: number) =>
    range(fours).map((four) =>
      `let b${q}_${four} = textureLoad(b, vec2u(column / 4u + ${four * TEXTURE_LANES}u, ${k}));`
    );
  const chain = (i: number, steps: number, a: (q: number) => string) =>
    range(fours).map((four) => {
      const sum = `s${i}_${four}`;
      return `${sum} = ${
        range(steps).reduce((inner, q) => `fma(vec4f(${a(q)}), b${q}_${four}, ${inner})`, sum)
      };`;
    });
  if (layout === "NN") {
    return [
      `for (var k = 0u; k < params.K / 4u; k++) {`,
      ...range(4).flatMap((q) => loadB(`4u * k + ${q}u`, q)),
      ...range(rows).map((i) =>
        block([
          `let a = textureLoad(a, vec2u(params.startA / 4u + k, row + ${i}u));`,
          ...chain(i, 4, (q) => `a.${XYZW[q]}`),
        ])
      ),
      `}`,
    ];
  }
  const steps = (count: number) => [
    ...range(count).flatMap((q) => loadB(`k + ${q}u`, q)),
    ...range(rows / 4).map((four) =>
      block([
        ...range(count).map((q) =>
          `let a${q} = textureLoad(a, vec2u((params.startA + row) / 4u + ${four}u, k + ${q}u));`
        ),
        ...range(4).flatMap((r) => chain(4 * four + r, count, (q) => `a${q}.${XYZW[r]}`)),
      ])
    ),
  ];
  return [
    `var k = 0u;`,
    `for (; k + 3u < params.K; k += 4u) {`,
    ...steps(4),
    `}`,
    `for (; k < params.K; k++) {`,
    ...steps(1),
    `}`,
  ];
}

/** NT: dot products of rows of a with rows of b. */
function dotProduct(rows: number, columns: number, columnOf: (four: number) => string): string[] {
  return [
    `for (var k = 0u; k < ${over("params.K", 4)}; k++) {`,
    ...range(columns).map((j) =>
      `let b${j} = textureLoad(b, vec2u(k, ${columnOf(j >> 2)} + ${j & 3}u));`
    ),
    ...range(rows).map((i) =>
      block([
        `let a = textureLoad(a, vec2u(params.startA / 4u + k, row + ${i}u));`,
        ...range(columns).map((j) => {
          const sum = `s${i}_${j}`;
          return `${sum} = ${
            [...XYZW].reduce((inner, q) => `fma(a.${q}, b${j}.${q}, ${inner})`, sum)
          };`;
        }),
      ])
    ),
    `}`,
  ];
}
