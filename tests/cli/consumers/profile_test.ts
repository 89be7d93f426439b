import { assertEquals } from "@std/assert";
import { ProfileFile, profileTable, traceOf } from "../../../cli/consumers/mod.ts";
import type { Span } from "../../../kernels/mod.ts";

const span = (label: string, startNs: number, endNs: number, more: Partial<Span> = {}): Span => ({
  ...{ label, recording: "forward and backward", startNs, endNs, operations: 0, bytes: 1000 },
  ...more,
});

const SPANS: Span[] = [
  span("fill", 0, 1_000_000, { recording: "zero gradients" }),
  span("matmul/NN plain 8x16", 1_500_000, 4_500_000, { operations: 12e6, bytes: 6e6 }),
  span("gelu/forward", 4_500_000, 5_500_000),
  span("matmul/NN plain 8x16", 5_500_000, 8_500_000, { operations: 24e6, bytes: 6e6 }),
];

Deno.test("profileTable: kernels by their time, with counts, shares and speeds", () => {
  assertEquals(profileTable(SPANS).split("\n"), [
    "kernel                count    ms   share  GFLOP/s     GB/s",
    "matmul/NN plain 8x16      2  6.00   75.0%     6.00     2.00",
    "fill                      1  1.00   12.5%           0.00100",
    "gelu/forward              1  1.00   12.5%           0.00100",
    "all                       4  8.00  100.0%",
  ]);
});

Deno.test("traceOf: recordings as bars over their launches, in microseconds", () => {
  const { traceEvents } = traceOf(SPANS, 4);
  assertEquals(traceEvents.map(({ name, ts, dur }) => [name, ts, dur]), [
    ["zero gradients", 0, 1000],
    ["forward and backward", 1500, 7000],
    ["fill", 0, 1000],
    ["matmul/NN plain 8x16", 1500, 3000],
    ["gelu/forward", 4500, 1000],
    ["matmul/NN plain 8x16", 5500, 3000],
  ]);
  assertEquals(traceEvents.every(({ ph, pid, tid }) => ph === "X" && pid === 1 && tid === 1), true);
  assertEquals(traceEvents[3].args, { "GFLOP/s": 4, "GB/s": 2, bytes: 6e6 });
});

Deno.test("ProfileFile: writes the picture and tells the table; other events are not its own", async () => {
  const folder = await Deno.makeTempDir();
  const told: string[] = [];
  using file = new ProfileFile(`${folder}/profile.json`, (text) => told.push(text));
  file.consume({ type: "evaluation", iteration: 4, validationLoss: 1 });
  assertEquals(told, []);
  file.consume({ type: "profile", iteration: 4, spans: SPANS });
  assertEquals(told[0].startsWith("Kernels of iteration 4:\nkernel "), true);
  const read = JSON.parse(await Deno.readTextFile(`${folder}/profile.json`));
  assertEquals(read, traceOf(SPANS, 4));
  await Deno.remove(folder, { recursive: true });
});
