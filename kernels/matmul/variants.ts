import { fitsTexture, type Pass, type Tensor, type Variant } from "../gpu/mod.ts";
import { matmulWgsl, type PlainTile } from "./matmul.wgsl.ts";
import { extras, type RegisterTile } from "./parts.wgsl.ts";
import type { MatmulForm, MatmulProblem } from "./problem.ts";
import { type FewRows, matmulRowsWgsl } from "./rows.wgsl.ts";
import { matmulTextureWgsl, TEXTURE_LANES } from "./texture.wgsl.ts";
import { matmulTileWgsl, sumPartialsWgsl, tileThreads, type WorkgroupTile } from "./tile.wgsl.ts";

/** A way to compute a product. */
export interface MatmulVariant extends Variant {
  /** Whether it can compute this product on the device that holds its tensors. */
  fits(problem: MatmulProblem): boolean;
  /** Writes its launches down. */
  launch(pass: Pass, problem: MatmulProblem): void;
}

/** The order in which a single sum runs over k. */
const ONE_SUM = "k";

/** A result that nothing goes with. */
const BARE = {
  accumulate: false,
  bias: false,
  residual: false,
  activated: false,
  before: false,
};

/** Most bytes that the partial sums of a split product may take. */
const MOST_PARTIAL_BYTES = 256 * 2 ** 20;

/** Threads along columns and rows; 8 is the width of Mesa's software driver. */
const LANES = { columns: 8, rows: 4 };

/** Both operands read from storage buffers, as they lie. */
export function plain(
  { lanes = LANES, ...size }: RegisterTile & Partial<PlainTile>,
): MatmulVariant {
  const tile = { ...size, lanes };
  const threads = lanes === LANES ? "" : ` by ${lanes.rows}x${lanes.columns}`;
  const variant: MatmulVariant = {
    name: `plain ${tile.rows}x${tile.columns}${threads}`,
    order: ONE_SUM,
    // In layout TN vectors of a lie along the tile's rows.
    fits: ({ form: { layout, vectorA } }) => layout !== "TN" || !vectorA || tile.rows % 4 === 0,
    launch: (pass, problem) =>
      launch(pass, problem, variant, matmulWgsl(problem.form, tile), [
        lanes.columns * tile.columns,
        lanes.rows * tile.rows,
        problem.batch,
      ]),
  };
  return variant;
}

/** Both operands in textures. */
export function texture(tile: RegisterTile): MatmulVariant {
  const variant: MatmulVariant = {
    name: `texture ${tile.rows}x${tile.columns}`,
    order: ONE_SUM,
    matrices: true,
    fits: ({ tensors, form, batch }) =>
      batch === 1 && form.vectorA && fitsTexture(tensors.a) && fitsTexture(tensors.b),
    launch: (pass, problem) =>
      launch(pass, problem, variant, matmulTextureWgsl(problem.form, tile), [
        TEXTURE_LANES * tile.columns,
        tile.rows,
      ]),
  };
  return variant;
}

/** Tiles in workgroup memory. */
export function tile(shape: WorkgroupTile): MatmulVariant {
  const { rows, columns, depth, threadRows, threadColumns, slice } = shape;
  const variant: MatmulVariant = {
    name: `tile ${rows}x${columns}x${depth} ${threadRows}x${threadColumns}${
      slice ? ` sums of ${slice}` : ""
    }`,
    order: slice ? `k/${slice}` : ONE_SUM,
    barriers: true,
    fits: ({ tensors }) => hasThreads(tensors.y, tileThreads(shape)),
    launch: (pass, problem) =>
      launch(pass, problem, variant, matmulTileWgsl(problem.form, shape), [
        columns,
        rows,
        problem.batch,
      ]),
  };
  return variant;
}

/** As {@linkcode tile}, with the partial sums computed by workgroups of their own. */
export function split(shape: WorkgroupTile & { slice: number }): MatmulVariant {
  const { rows, columns, depth, slice } = shape;
  const variant: MatmulVariant = {
    name: `split ${rows}x${columns}x${depth} sums of ${slice}`,
    order: `k/${slice}`,
    barriers: true,
    fits: ({ tensors, sizes: { M, N, K }, batch }) =>
      batch === 1 && K > slice && hasThreads(tensors.y, tileThreads(shape)) &&
      4 * M * N * Math.ceil(K / slice) <=
        Math.min(MOST_PARTIAL_BYTES, tensors.y.device.maxBindingBytes),
    launch: (pass, problem) => {
      const { tensors, sizes, form } = problem;
      const { M, N, K, startY, strideY } = sizes;
      const S = Math.ceil(K / slice);
      const { a, b, y } = tensors;
      const partial = pass.scratch([S, M, N]);
      const raw: MatmulForm = { ...form, ...BARE, vectorY: N % 4 === 0 };
      launch(
        pass,
        {
          tensors: { a, b, y: partial },
          sizes: { ...sizes, startY: 0, strideY: N, batchY: M * N },
          form: raw,
          batch: 1,
        },
        variant,
        matmulTileWgsl(raw, { ...shape, split: true }),
        [columns, rows, S],
      );
      pass.launch(
        { label: "matmul/sum partials", code: sumPartialsWgsl(form) },
        { partial, y, ...extraTensors(problem) },
        { S, M, N, startY, strideY },
        { threads: M * N / (form.vectorY ? 4 : 1) },
      );
    },
  };
  return variant;
}

/** Few rows, with b read once. */
export function fewRows(shape: FewRows): MatmulVariant {
  const { rows, lanes, slices, slice } = shape;
  const variant: MatmulVariant = {
    name: `rows ${rows}${slice ? ` sums of ${slice}` : ""}`,
    order: slice ? `k/${slice}` : ONE_SUM,
    barriers: slice !== undefined,
    fits: ({ tensors, sizes: { M }, form: { layout }, batch }) =>
      batch === 1 && layout !== "TN" && M <= rows && M > rows / 2 &&
      hasThreads(tensors.y, [lanes, slices]),
    launch: (pass, problem) =>
      launch(pass, problem, variant, matmulRowsWgsl(problem.form, shape), [4 * lanes, rows]),
  };
  return variant;
}

/**
 * Every way to compute a product, the plainest first. Those of one order give the same bits, so that
 * any number of rows can be computed by the fastest of its order.
 */
export const MATMUL_VARIANTS: readonly MatmulVariant[] = [
  plain({ rows: 8, columns: 16 }),
  texture({ rows: 8, columns: 16 }),
  texture({ rows: 16, columns: 16 }),
  ...[{}, { slice: 64 }].flatMap((sums) => [
    tile({ rows: 64, columns: 64, depth: 16, threadRows: 4, threadColumns: 4, ...sums }),
    tile({ rows: 64, columns: 64, depth: 8, threadRows: 8, threadColumns: 8, ...sums }),
    tile({ rows: 128, columns: 128, depth: 8, threadRows: 8, threadColumns: 8, ...sums }),
    ...[1, 2, 4, 8].map((rows) =>
      fewRows(sums.slice ? { rows, lanes: 32, slices: 4, ...sums } : { rows, lanes: 64, slices: 1 })
    ),
  ]),
  split({ rows: 64, columns: 64, depth: 16, threadRows: 4, threadColumns: 4, slice: 1024 }),
  split({ rows: 128, columns: 128, depth: 8, threadRows: 8, threadColumns: 8, slice: 1024 }),
];

/** Elements of y up to which large tiles would leave most of a processor idle. */
const FEW_ELEMENTS = 8192;

/** Columns or rows up to which most threads along them would have nothing to do. */
const NARROW = 16;

const SMALL = plain({ rows: 4, columns: 4 });
const NARROW_SMALL = plain({ rows: 4, columns: 8, lanes: { columns: 1, rows: 8 } });
const FLAT_SMALL = plain({ rows: 8, columns: 4, lanes: { columns: 8, rows: 1 } });

/** The variants for a product; a small result, such as an adapter's gradient, has small tiles first. */
export function variantsFor({ sizes: { M, N } }: MatmulProblem): readonly MatmulVariant[] {
  if (M * N > FEW_ELEMENTS) return MATMUL_VARIANTS;
  const small = N <= NARROW ? NARROW_SMALL : M <= NARROW ? FLAT_SMALL : SMALL;
  return [small, ...MATMUL_VARIANTS];
}

function hasThreads({ device }: Tensor, [x, y]: [number, number]): boolean {
  return x * y <= device.gpu.limits.maxComputeInvocationsPerWorkgroup;
}

/** What is bound beside a, b and y. */
function extraTensors({ tensors, form }: MatmulProblem): Record<string, Tensor> {
  return Object.fromEntries(extras(form).map((name) => [name, tensors[name]!]));
}

/** Launches a shader over y, a workgroup for `block` columns, rows and matrices. */
function launch(
  pass: Pass,
  problem: MatmulProblem,
  { name }: Variant,
  code: string,
  [columns, rows, z = 1]: [columns: number, rows: number, z?: number],
): void {
  const { tensors: { a, b, y }, sizes, form, batch } = problem;
  pass.launch(
    { label: `matmul/${form.layout} ${name}`, code },
    { a, b, y, ...extraTensors(problem) },
    { ...sizes },
    { workgroups: [Math.ceil(sizes.N / columns), Math.ceil(sizes.M / rows), z] },
    2 * sizes.M * sizes.N * sizes.K * batch,
  );
}
