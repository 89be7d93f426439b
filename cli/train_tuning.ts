/** Which variants of kernels a run of `quern train` uses: its own, the cached ones, or new ones. */
import { type ChoiceTable, type Device, tune, type TuneEvent } from "../kernels/mod.ts";
import type { Trainer } from "../model/mod.ts";
import { ChoiceCache, type TuneMode } from "./kernel_choices.ts";
import { writeRunKernels } from "./run_folder.ts";

/** No shapes are begun after so long: on software a variant compiles in half a second and runs in tenths. */
const BUDGET_MS = { gpu: 10_000, software: 45_000 };

const budgetOf = (device: Device) => device.prefersTextures ? BUDGET_MS.software : BUDGET_MS.gpu;

/**
 * Takes over the choices of a run that goes on, or the cached ones.
 *
 * @param run the choices of a run that goes on: with them each later loss has the bits it would have had
 * @returns whether variants are to be chosen while the run trains
 */
export async function prepareChoices(
  device: Device,
  mode: TuneMode,
  run: ChoiceTable | undefined,
): Promise<boolean> {
  if (run) device.choices.merge(run);
  else if (mode !== "off") device.choices.merge(await (await ChoiceCache.of(device)).read(mode));
  return !run && mode === "cached";
}

/** Measures all variants before a run begins; says so, since sums in another order have other bits. */
export async function tuneFirst(device: Device, trainer: Trainer): Promise<void> {
  for await (const event of tune(device, { anyOrder: true, budgetMs: budgetOf(device) })) {
    const line = describe(event);
    if (line) console.error(line);
  }
  // What the time did not suffice for keeps its default, so that the next run begins at once.
  device.choices.merge({ orders: {}, variants: device.choices.used.variants });
  await trainer.record();
  await (await ChoiceCache.of(device)).add("full");
  const orders = Object.entries(device.choices.table.orders);
  for (const [group, order] of orders) console.error(`${group}: summed in the order ${order}`);
  if (orders.length > 0) console.error("Losses differ from --tune cached in their last digits.");
}

/**
 * Measures the variants of all that was recorded and is not decided, and keeps what it chooses.
 *
 * @returns whether it chose anything
 */
export async function tuneNow(device: Device, mode: TuneMode): Promise<boolean> {
  if (mode === "off") return false;
  let chosen = false;
  const options = { anyOrder: mode === "full", budgetMs: budgetOf(device) };
  for await (const event of tune(device, options)) {
    if (event.type === "dropped") console.error(describe(event));
    chosen ||= event.type === "chosen";
  }
  if (chosen) await (await ChoiceCache.of(device)).add(mode);
  return chosen;
}

/**
 * Chooses among variants that give the same bits, while a run trains. What the time did not suffice for
 * has its turn in the next run, and at least one of its shapes is decided then; where all are, nothing
 * is tried.
 */
export function tuning(device: Device, budgetMs = budgetOf(device)): AsyncGenerator<TuneEvent> {
  return tune(device, { budgetMs });
}

/** Writes down what has been chosen, and warns of what was dropped. */
export async function keepChoices(
  event: TuneEvent,
  folder: string,
  device: Device,
): Promise<void> {
  if (event.type === "dropped") console.error(describe(event));
  if (event.type !== "chosen") return;
  await (await ChoiceCache.of(device)).add("cached");
  await writeRunKernels(folder, device.choices.used);
}

function describe(event: TuneEvent): string | undefined {
  const { shapes, variant } = event;
  if (event.type === "trying") return `${event.decided}/${event.of} ${shapes}: trying ${variant}`;
  if (event.type === "dropped") return `${shapes}: not using ${variant}: ${event.reason}`;
}
