/**
 * The product of few rows: a thread owns all of them for a few columns, so that the larger operand, b,
 * is read once. A workgroup's threads own neighbouring columns; where a sum is made of partial sums,
 * threads along y compute them side by side.
 */
import { over, PARAMS, range, results, storage, storeRow, XYZW } from "./parts.wgsl.ts";
import type { MatmulForm } from "./problem.ts";

/** What a workgroup owns. */
export interface FewRows {
  /** Most rows of y. */
  rows: number;
  /** Threads along the columns. */
  lanes: number;
  /** Partial sums that are computed side by side; 1 for one sum. */
  slices: number;
  /** Length of a partial sum, a multiple of 4; absent for one sum. */
  slice?: number;
}

/**
 * a: [M, K]; b: [K, N] in NN, [N, K] in NT; y: [M, N]; bias: [N]. A thread owns four columns of all M
 * rows. Elements past a border are read from within and not stored.
 */
export function matmulRowsWgsl(form: MatmulForm, { rows, lanes, slices, slice }: FewRows): string {
  const { layout } = form;
  const body = layout === "NN" ? outerProduct(form, rows) : dotProduct(form, rows);
  const zero = range(rows).map((i) => `s${i} = vec4f();`).join(" ");
  const stores = range(rows).map((i) =>
    storeRow(
      form,
      `${i}u`,
      ["column"],
      (_, place) => `${slice ? "t" : "s"}${i}.${XYZW[place]}`,
      () => `${slice ? "t" : "s"}${i}`,
    )
  );
  const declare = range(rows).map((i) =>
    `var s${i} = vec4f();${slice ? ` var t${i} = vec4f();` : ""}`
  );
  return /* wgsl */ `
${PARAMS}
${storage(0, "read", "a", form.vectorA)}
${storage(1, "read", "b", form.vectorB)}
${results(form)}
${slice ? `var<workgroup> partial: array<vec4f, ${rows * slices * lanes}>;` : ""}

@compute @workgroup_size(${lanes}, ${slices})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let column = (group.x * ${lanes}u + lane.x) * 4u;
  let beginY = params.startY;
  ${declare.join("\n  ")}
  ${
    slice
      ? `for (var round = 0u; round < params.K; round += ${slices * slice}u) {
    let first = min(round + lane.y * ${slice}u, params.K);
    let end = min(first + ${slice}u, params.K);
    let at = lane.y * ${lanes}u + lane.x;
    ${zero}
    ${body.join("\n    ")}
    ${range(rows).map((i) => `partial[at + ${i * lanes * slices}u] = s${i};`).join(" ")}
    workgroupBarrier();
    if (lane.y == 0u) { ${
        range(slices).map((s) =>
          `if (round + ${s * slice}u < params.K) { ${
            range(rows).map((i) => `t${i} += partial[${(i * slices + s) * lanes}u + lane.x];`).join(
              " ",
            )
          } }`
        ).join("\n      ")
      } }
    workgroupBarrier();
  }
  if (lane.y > 0u) { return; }`
      : `let first = 0u;
  let end = params.K;
  ${body.join("\n  ")}`
  }
  ${stores.join("\n  ")}
}
`;
}

const rowOfA = (i: number) => `params.startA + min(${i}u, params.M - 1u) * params.strideA`;

/** Adds to each sum, k by k, `a` times the four columns `w`; four k's where both are read so. */
function outerProduct({ vectorA, vectorB }: MatmulForm, rows: number): string[] {
  const loadB = (k: string) =>
    vectorB
      ? `b[((${k}) * params.strideB + min(column, params.N - 4u)) / 4u]`
      : `vec4f(${
        range(4).map((q) => `b[(${k}) * params.strideB + min(column + ${q}u, params.N - 1u)]`)
          .join(", ")
      })`;
  const step = (k: string, a: (i: number) => string) =>
    `{ let w = ${loadB(k)}; ${
      range(rows).map((i) => `s${i} = fma(vec4f(${a(i)}), w, s${i});`).join(" ")
    } }`;
  if (!vectorA) {
    return [
      `for (var k = first; k < end; k++) {`,
      step("k", (i) => `a[${rowOfA(i)} + k]`),
      `}`,
    ];
  }
  return [
    `for (var k = first; k < end; k += 4u) {`,
    ...range(rows).map((i) => `let a${i} = a[(${rowOfA(i)} + k) / 4u];`),
    ...range(4).map((q) => step(`k + ${q}u`, (i) => `a${i}.${XYZW[q]}`)),
    `}`,
  ];
}

function dotProduct({ vectorA, vectorB }: MatmulForm, rows: number): string[] {
  const rowOfB = (j: number) => `min(column + ${j}u, params.N - 1u) * params.strideB`;
  const wide = vectorA && vectorB;
  if (!wide) {
    const a = (i: number) => vectorA ? `a[(${rowOfA(i)} + k) / 4u][k & 3u]` : `a[${rowOfA(i)} + k]`;
    const b = (j: number) => vectorB ? `b[(${rowOfB(j)} + k) / 4u][k & 3u]` : `b[${rowOfB(j)} + k]`;
    return [
      `for (var k = first; k < end; k++) {`,
      `let w = vec4f(${range(4).map(b).join(", ")});`,
      ...range(rows).map((i) => `s${i} = fma(vec4f(${a(i)}), w, s${i});`),
      `}`,
    ];
  }
  return [
    `for (var k = first; k < end; k += 4u) {`,
    ...range(4).map((j) => `let b${j} = b[${over(`(${rowOfB(j)} + k)`, 4)}];`),
    ...range(4).map((q) =>
      `let w${q} = vec4f(${range(4).map((j) => `b${j}.${XYZW[q]}`).join(", ")});`
    ),
    ...range(rows).map((i) =>
      `let a${i} = a[(${rowOfA(i)} + k) / 4u]; ${
        range(4).map((q) => `s${i} = fma(vec4f(a${i}.${XYZW[q]}), w${q}, s${i});`).join(" ")
      }`
    ),
    `}`,
  ];
}
