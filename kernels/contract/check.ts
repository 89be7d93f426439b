import { Choices, type Device, groupOf, shapeClass } from "../gpu/mod.ts";
import type { KernelCase, Op, Reference } from "./kernel_case.ts";
import type { OpCase } from "./spec.ts";
import { TrialRun } from "./trial_run.ts";

/**
 * Checks what every op promises of its results: they agree with the float64 reference, NaN failing;
 * they do not depend on what was overwritten; inputs and the memory after each tensor stay untouched;
 * two runs give the same bits.
 *
 * @returns the first thing that is wrong, as a sentence; undefined where all is well
 * @throws {ShaderError} if a shader does not compile
 */
export async function checkCase(
  device: Device,
  op: Op,
  reference: Reference,
  one: OpCase,
): Promise<string | undefined> {
  using trial = await TrialRun.create(device, op, one);
  return await trial.check(trial.expected(reference));
}

/** What a check found. */
export interface CheckedVariant {
  /** The variant's name; undefined where the op has but one. */
  variant?: string;
  /** What is wrong; undefined where all is well. */
  fault?: string;
}

/**
 * Checks a case with the variant that the device picks, or with each that its op has for these sizes.
 * What was chosen before is chosen after.
 *
 * @param options.all whether all variants are checked
 * @param options.barriers whether those are among them whose threads wait for each other
 * @returns what is wrong, by variant; one that does not compile is among them
 */
export async function checkVariants(
  device: Device,
  one: KernelCase,
  { all, barriers }: { all: boolean; barriers: boolean },
): Promise<CheckedVariant[]> {
  const check = (choices: Choices) =>
    device.withChoices(
      choices,
      () => checkCase(device, one.op, one.reference, one).catch((error: Error) => error.message),
    );
  const asking = new Choices(device.choices.table);
  const found: CheckedVariant[] = [{ fault: await check(asking) }];
  const [question] = asking.asked.values();
  if (!question) return found;
  const picked = asking.pick(question);
  found[0].variant = picked.name;
  const others = question.variants.filter((each) =>
    each !== picked && (barriers || !each.barriers)
  );
  for (const { name, order } of all ? others : []) {
    const table = {
      orders: { [groupOf(question)]: order },
      variants: { [shapeClass(question)]: name },
    };
    const choices = new Choices(table);
    const fault = await check(choices);
    const given = choices.pick(question).name === name;
    found.push({ variant: name, fault: given ? fault : "it does not compile" });
  }
  return found;
}
