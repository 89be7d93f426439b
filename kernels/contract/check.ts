import { type Device, groupOf } from "../gpu/mod.ts";
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
  return await faultOf(trial, reference);
}

/**
 * Checks a case with each variant that its op has for these sizes, but those whose threads wait for
 * each other where `barriers` is false.
 *
 * @returns what is wrong, by variant; a variant that does not compile is among them
 */
export async function checkVariants(
  device: Device,
  one: KernelCase,
  { barriers }: { barriers: boolean },
): Promise<{ variant: string; fault: string | undefined }[]> {
  const found: { variant: string; fault: string | undefined }[] = [];
  const check = async (variant: string) => {
    const fault = await checkCase(device, one.op, one.reference, one)
      .catch((error: Error) => error.message);
    found.push({ variant, fault });
  };
  const before = device.choices.table;
  const asked = new Set(device.choices.asked.keys());
  await check("default");
  const questions = [...device.choices.asked].filter(([key]) => !asked.has(key));
  for (const [key, question] of questions) {
    const [standard, ...others] = question.variants;
    found[0].variant = standard.name;
    for (const { name, order } of others.filter((each) => barriers || !each.barriers)) {
      device.choices.merge({ orders: { [groupOf(question)]: order }, variants: { [key]: name } });
      await check(name);
    }
    device.choices.reset(before);
  }
  return found;
}

async function faultOf(trial: TrialRun, reference: Reference): Promise<string | undefined> {
  const runs: [ArrayBuffer[], ArrayBuffer[]] = [await trial.results(), await trial.results()];
  return trial.fault(runs, trial.expected(reference));
}
