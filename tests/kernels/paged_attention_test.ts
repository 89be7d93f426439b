import { assertEquals, assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import {
  pagedAttentionForward,
  type PagedAttentionOptions,
  pagedAttentionProjected,
} from "../../kernels/paged_attention/mod.ts";
import * as reference from "../../kernels/paged_attention/reference.ts";
import { input, inTexture, LADDER, normal, type OpCase, testOp, update } from "./contract.ts";

interface Sizes {
  M: number;
  heads: number;
  HS: number;
  /** Most keys of a row. */
  T: number;
  /** Rows that are computed. @default M */
  rows?: number;
  texels?: boolean;
  /** Sequences that the rows are dealt to, in runs. @default 3 */
  slots?: number;
  scale?: number;
}

/** Rows of sequences in runs of six, their positions in order, the last run's ending at T - 1. */
function rowsOf({ M, T, slots = 3 }: Sizes): (i: number) => number {
  return (i) => {
    const n = i >> 2;
    const position = Math.max(0, (T - 1) - ((M - 1 - n) % T));
    return [Math.floor(n / 6) % slots, position, 0, 0][i & 3];
  };
}

function attention(s: Sizes): OpCase<PagedAttentionOptions> {
  const { M, heads, HS, T, rows = M, texels, slots = 3, scale = 1 } = s;
  const C = heads * HS;
  const W = Math.ceil(T / 16);
  const blocks = slots * W + 2;
  const where = texels ? inTexture : (spec: ReturnType<typeof input>) => spec;
  const times = (seed: number) => {
    const next = normal(seed);
    return () => scale * next();
  };
  return {
    label: JSON.stringify(s),
    tensors: {
      q: input([M, C], times(1)),
      keys: where(input([blocks * 16, C], times(3))),
      values: where(input([blocks * 16, C], normal(5))),
      rows: input([M, 4], rowsOf(s), "u32"),
      // Blocks in no order, none twice.
      blocks: input([slots, W], (i) => (i * 11) % (slots * W), "u32"),
      y: update([M, C]),
    },
    options: { heads, rows },
    sizes: { M: rows, C, W },
    tolerance: scale > 1 ? 5e-4 : 2e-5,
  };
}

// In vectors and in scalars; software drivers compile large ones in buffers for half a minute.
const HEAD_SIZES = { buffers: [1, 3, 4, 20], textures: [4, 64, 68] };

for (const where of ["buffers", "textures"] as const) {
  const texels = where === "textures";
  testOp(
    `pagedAttentionForward, cache in ${where}: equals the reference`,
    pagedAttentionForward,
    reference.pagedAttentionForward,
    [
      ...LADDER.map((T) => attention({ M: 257, rows: 9, heads: 2, HS: 8, T, texels })),
      ...LADDER.map((rows) => attention({ M: 257, rows, heads: 2, HS: 8, T: 20, texels })),
      ...HEAD_SIZES[where].map((HS) => attention({ M: 7, rows: 6, heads: 2, HS, T: 37, texels })),
      // Scores in the thousands: a softmax that does not take the maximum away overflows.
      attention({ M: 9, heads: 1, HS: 16, T: 100, texels, scale: 30 }),
    ],
  );
}

testOp(
  "pagedAttentionProjected: equals the reference",
  pagedAttentionProjected,
  reference.pagedAttentionProjected,
  [
    ...LADDER.map((T) => ({ M: 3, heads: 2, HS: 8, T })),
    ...[[1, 4], [8, 8], [3, 20], [4, 64]].map(([heads, HS]) => ({
      ...{ M: 1, heads, HS, T: 37 },
    })),
  ].map((s) => {
    const { label, tensors, sizes } = attention({ ...s, rows: 1, texels: true });
    const C = s.heads * s.HS;
    return {
      label,
      tensors: {
        ...tensors,
        w: inTexture(input([C, C], normal(7))),
        ...(C % 3 === 0 ? {} : { bias: input([C], normal(9)) }),
        add: input([s.M, C], normal(11)),
      },
      options: { heads: s.heads },
      sizes: { ...sizes, heads: s.heads },
      tolerance: 1e-4,
    };
  }),
);

Deno.test("pagedAttentionForward: a row's bits depend on its own keys alone", async () => {
  const [M, heads, HS, T, slots] = [16, 2, 8, 64, 2];
  const C = heads * HS;
  using device = await Device.open();
  using stack = new DisposableStack();
  const use = <D extends Disposable>(made: D) => stack.use(made);
  const next = normal();
  const random = (shape: number[]) => {
    const tensor = use(device.tensor("random", shape));
    tensor.write(Float32Array.from({ length: tensor.size }, next));
    return tensor;
  };
  const q = random([M, C]);
  const [keys, values] = [random([slots * T, C]), random([slots * T, C])];
  const moved = (cells: (cell: number) => number) => async (from: typeof keys) => {
    const host = await from.read();
    const to = use(device.tensor("moved", from.shape));
    const made = new Float32Array(host.length);
    for (let cell = 0; cell < slots * T; cell++) {
      made.set(host.subarray(cell * C, (cell + 1) * C), cells(cell) * C);
    }
    to.write(made);
    return to;
  };
  const inTexels = (from: typeof keys) => {
    const made = use(device.texels("cache", from.shape));
    made.copyFrom(from);
    return made;
  };
  const y = use(device.tensor("y", [M, C]));
  const rows = use(device.tensor("rows", [M, 4], "u32"));
  const blocks = use(device.tensor("blocks", [slots, T / 16], "u32"));
  const tables = {
    forward: { of: (i: number) => i, cells: (cell: number) => cell },
    backward: {
      of: (i: number) => 7 - i,
      cells: (cell: number) => (7 - (cell >> 4)) * 16 + cell % 16,
    },
  };
  for (const texels of [false, true]) {
    const found = new Set<string>();
    for (const table of Object.values(tables)) {
      const [k, v] = await Promise.all([keys, values].map(moved(table.cells)));
      const cache = texels ? { keys: inTexels(k), values: inTexels(v) } : { keys: k, values: v };
      blocks.write(Uint32Array.from({ length: blocks.size }, (_, i) => table.of(i)));
      using recording = await device.record("attention", (pass) => {
        pagedAttentionForward(pass, { q, ...cache, rows, blocks, y }, { heads });
      });
      for (const run of [1, 3, 16]) {
        // Row 5 is at position 40 of slot 0 whatever its neighbours are.
        rows.write(Uint32Array.from({ length: M * 4 }, (_, i) => {
          const n = i >> 2;
          const alike = Math.floor(n / run) === Math.floor(5 / run);
          return [alike ? 0 : 1, alike ? 35 + n : 7, 0, 0][i & 3];
        }));
        recording.run();
        const row = (await y.read()).slice(5 * C, 6 * C);
        found.add(String(new Uint32Array(row.buffer)));
      }
    }
    assertEquals(found.size, 1);
  }
});

Deno.test("pagedAttentionForward: shapes that do not fit are named", async () => {
  using device = await Device.open();
  using q = device.tensor("q", [2, 8]);
  using keys = device.tensor("keys", [16, 8]);
  using rows = device.tensor("rows", [2, 4], "u32");
  using blocks = device.tensor("blocks", [1, 1], "u32");
  using y = device.tensor("y", [3, 8]);
  const fails = (options: PagedAttentionOptions, message: string) =>
    assertThrows(
      () =>
        pagedAttentionForward(
          new Pass(device),
          { q, keys, values: keys, rows, blocks, y },
          options,
        ),
      RangeError,
      `Cannot run pagedAttentionForward: ${message}`,
    );
  fails({ heads: 3 }, "C / heads must be a whole number up to 128, got 8 / 3");
  fails({ heads: 2 }, "3 rows wanted, 2 given");
  using w = device.texels("w", [8, 8]);
  using cache = device.texels("cache", [16, 8]);
  assertThrows(
    () => {
      const t = { q, keys: cache, values: cache, rows, blocks, y, w, add: q };
      pagedAttentionProjected(new Pass(device), t, { heads: 4 });
    },
    RangeError,
    "got 4 heads and 8 channels",
  );
});
