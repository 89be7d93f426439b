import { assertEquals, assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import {
  embeddingBackward,
  embeddingForward,
  type EmbeddingOptions,
  embeddingRowsForward,
  LAST_TOKEN,
} from "../../kernels/embedding/mod.ts";
import * as reference from "../../kernels/embedding/reference.ts";
import {
  accumulate,
  assertClose,
  input,
  LADDER,
  normal,
  output,
  random,
  scratch,
  type Spec,
  testGradient,
  testOp,
  update,
} from "./contract.ts";

const tokensBelow = (V: number) => {
  const next = random(3);
  return () => Math.floor(next() * V);
};

testGradient(
  "embedding reference: backward is the derivative of forward",
  reference.embeddingForward,
  (t, sizes) => reference.embeddingBackward({ ...t }, sizes),
  [{ T: 3, C: 2 }, { T: 3, C: 2, scale: 3, offset: 2 }].map((sizes) => ({
    label: JSON.stringify(sizes),
    tensors: {
      tokens: input([2, 3], tokensBelow(4), "u32"),
      ...("scale" in sizes ? { positions: input([2, 3], tokensBelow(3), "u32") } : {}),
      wte: input([4, 2]),
      wpe: input([5, 2]),
      x: output([2, 3, 2]),
    },
    sizes,
  })),
);

// B, T, C, V; few tokens so that most repeat, and many so that some are alone.
const sizes = LADDER.flatMap((n) => [[2, n, 6, 5], [3, 5, n, 9], [n, 3, 4, n]]);

/** Of plain embeddings, and of those whose positions begin anew or further up. */
const embeddingCases = [
  ...sizes.map(([B, T, C, V]) => ({ B, T, C, V })),
  { B: 3, T: 65, C: 6, V: 5, restarts: 7 },
  { B: 3, T: 65, C: 6, V: 5, options: { scale: 8, offset: 2 } },
  { B: 3, T: 65, C: 6, V: 5, restarts: 20, options: { scale: 0.5, offset: 1 } },
];

const positionsOf = (
  { B, T, restarts }: { B: number; T: number; restarts?: number },
): Record<string, Spec> =>
  restarts === undefined
    ? {}
    : { positions: input([B, T], (i) => Math.floor(i / T) + (i % T) % restarts, "u32") };

testOp<EmbeddingOptions>(
  "embeddingForward: equals the reference",
  embeddingForward,
  reference.embeddingForward,
  embeddingCases.map(({ B, T, C, V, ...more }) => ({
    label: JSON.stringify({ B, T, C, V, ...more }),
    tensors: {
      tokens: input([B, T], tokensBelow(V), "u32"),
      ...positionsOf({ B, T, ...more }),
      wte: input([V, C]),
      wpe: input([T + 2, C]),
      x: output([B, T, C]),
    },
    options: "options" in more ? more.options as EmbeddingOptions : {},
    sizes: { T, C },
  })),
);

testOp<EmbeddingOptions>(
  "embeddingBackward: equals the reference",
  embeddingBackward,
  reference.embeddingBackward,
  [
    ...embeddingCases.map((one) => ({ ...one, frozen: "" })),
    { B: 2, T: 65, C: 6, V: 5, frozen: "dwte" },
    { B: 2, T: 65, C: 6, V: 5, frozen: "dwpe" },
  ].map(({ B, T, C, V, frozen, ...more }) => ({
    label: JSON.stringify({ B, T, C, V, frozen, ...more }),
    tensors: {
      tokens: input([B, T], tokensBelow(V), "u32"),
      ...positionsOf({ B, T, ...more }),
      dx: input([B, T, C]),
      ...(frozen === "dwte" ? {} : { dwte: accumulate([V, C]) }),
      ...(frozen === "dwpe" ? {} : { dwpe: accumulate([T + 2, C]) }),
      next: scratch([B, T], "u32"),
    },
    options: "options" in more ? more.options as EmbeddingOptions : {},
    sizes: { T, C },
  })),
);

/** Rows of slots, positions, tokens and cells; every third takes its slot's last token. */
const rowsOf = (V: number) => (i: number) => {
  const n = i >> 2;
  return [n % 5, (n * 3) % 7, n % 3 === 1 ? LAST_TOKEN : (n * 11) % V, 99][i & 3];
};

testOp(
  "embeddingRowsForward: equals the reference",
  embeddingRowsForward,
  reference.embeddingRowsForward,
  [
    ...LADDER.flatMap((n) => [[n, n, 6, 5], [3, 3, n, 9], [4, 3, 4, n]]),
    [65, 33, 8, 63],
  ].map(([N, rows, C, V]) => ({
    label: `${rows} of ${N} x ${C}, V = ${V}`,
    tensors: {
      rows: input([N, 4], rowsOf(V), "u32"),
      last: input([5], (i) => (i * 2) % V, "u32"),
      wte: input([V, C]),
      wpe: input([7, C], normal(3)),
      x: update([N, C]),
    },
    options: { rows },
    sizes: { M: rows, C },
  })),
);

Deno.test("embeddingRowsForward: a token past the vocabulary counts as its last", async () => {
  using device = await Device.open({ maxBindingBytes: 64 * 4 * 4 });
  const [V, C] = [150, 3];
  using rows = device.tensor("rows", [2, 4], "u32");
  using last = device.tensor("last", [1], "u32");
  using wte = device.tensor("wte", [V, C]);
  using wpe = device.tensor("wpe", [1, C]);
  using x = device.tensor("x", [2, C]);
  rows.write(Uint32Array.of(0, 0, LAST_TOKEN, 0, 0, 0, 149, 0));
  last.write(Uint32Array.of(0xfffffff0));
  wte.write(Float32Array.from({ length: V * C }, (_, i) => i));
  using recording = await device.record(
    "rows",
    (pass) => embeddingRowsForward(pass, { rows, last, wte, wpe, x }),
  );
  assertEquals(recording.length, 3);
  recording.run();
  assertEquals([...await x.read()], [447, 448, 449, 447, 448, 449]);
  assertThrows(
    () => embeddingRowsForward(new Pass(device), { rows, last, wte, wpe, x }, { rows: 3 }),
    RangeError,
    "Cannot run embeddingRowsForward: 3 rows wanted, got rows [2,4] and x [2,3]",
  );
});

Deno.test("embedding: a vocabulary larger than a binding is walked over in parts", async () => {
  using device = await Device.open({ maxBindingBytes: 64 * 4 * 3 });
  const [T, C, V] = [60, 3, 150];
  const pick = normal();
  const host = {
    tokens: Uint32Array.from({ length: T }, tokensBelow(V)),
    wte: Float32Array.from({ length: V * C }, pick),
    wpe: Float32Array.from({ length: T * C }, pick),
  };
  using tokens = device.tensor("tokens", [1, T], "u32");
  using wte = device.tensor("wte", [V, C]);
  using wpe = device.tensor("wpe", [T, C]);
  using x = device.tensor("x", [1, T, C]);
  using dwte = device.tensor("dwte", [V, C]);
  using dwpe = device.tensor("dwpe", [T, C]);
  using next = device.tensor("next", [1, T], "u32");
  tokens.write(host.tokens);
  wte.write(host.wte);
  wpe.write(host.wpe);
  using recording = await device.record("parts", (pass) => {
    embeddingForward(pass, { tokens, wte, wpe, x });
    embeddingBackward(pass, { tokens, dx: x, dwte, dwpe, next });
  });
  recording.run();
  assertEquals(recording.length, 3 + 1 + 3 + 1);
  const expected = {
    x: new Float64Array(T * C),
    dwte: new Float64Array(V * C),
    dwpe: new Float64Array(T * C),
  };
  const [wide, positions] = [Float64Array.from(host.wte), Float64Array.from(host.wpe)];
  reference.embeddingForward({ tokens: host.tokens, wte: wide, wpe: positions, x: expected.x }, {
    T,
    C,
  });
  reference.embeddingBackward({ tokens: host.tokens, dx: expected.x, ...expected }, { T, C });
  assertClose(await x.read(), expected.x, 1e-6, "x");
  assertClose(await dwte.read(), expected.dwte, 1e-6, "dwte");
});
