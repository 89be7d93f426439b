import { assert, assertEquals } from "@std/assert";
import { keepChoices, prepareChoices, tuning } from "../../cli/train_tuning.ts";
import { Device, matmul, type TuneEvent } from "../../kernels/mod.ts";

/** One start of a program that multiplies at two sizes: what its tuner did within so long. */
async function start(budgetMs: number): Promise<TuneEvent[]> {
  using device = await Device.open();
  await prepareChoices(device, "cached", undefined);
  using stack = new DisposableStack();
  for (const size of [128, 256]) {
    const [a, y] = ["a", "y"].map((name) => stack.use(device.tensor(name, [size, size])));
    stack.use(
      await device.record("square", (pass) => matmul(pass, { a, b: a, y }, { layout: "NN" })),
    );
  }
  const events = await Array.fromAsync(tuning(device, budgetMs));
  const run = await Deno.makeTempDir();
  for (const event of events) await keepChoices(event, run, device);
  await Deno.remove(run, { recursive: true });
  return events;
}

Deno.test("tuning: a start goes on where the last one's time was up, and one behind the end tries nothing", async () => {
  const before = Deno.env.get("XDG_CACHE_HOME");
  const folder = await Deno.makeTempDir();
  Deno.env.set("XDG_CACHE_HOME", folder);
  try {
    const shapes = async (budgetMs: number) =>
      (await start(budgetMs)).filter(({ type }) => type === "chosen").map(({ shapes }) => shapes);
    assertEquals(await shapes(1), ["matmul NN 256x256 rows 256"]);
    assertEquals(await shapes(1), ["matmul NN 128x128 rows 128"]);
    const time = performance.now();
    assertEquals(await start(60_000), []);
    assert(performance.now() - time < 20_000);
  } finally {
    if (before === undefined) Deno.env.delete("XDG_CACHE_HOME");
    else Deno.env.set("XDG_CACHE_HOME", before);
    await Deno.remove(folder, { recursive: true });
  }
});
