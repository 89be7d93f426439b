/** Whether the variants that a device begins with are right on it, at small sizes. */
import { Choices, type Device, GpuError } from "../gpu/mod.ts";
import { checkCase } from "./check.ts";
import type { KernelCase, ModelSizes } from "./kernel_case.ts";
import { TRAINING_CASES } from "./training_cases.ts";

/** Whole tiles with heads of 64, and what is ragged. */
const SIZES: readonly ModelSizes[] = [
  { B: 2, T: 64, C: 128, heads: 2, V: 1 },
  { B: 3, T: 21, C: 20, heads: 5, V: 1 },
];

/** The ops that have variants: the three layouts of a product, and attention both ways. */
const OPS = /^(matmul projection|attention) /;

/** Cases of every op that has variants. */
const CASES: readonly KernelCase[] = SIZES.flatMap((sizes) =>
  TRAINING_CASES.filter(({ name }) => OPS.test(name))
    .map(({ name, at }) => ({ label: name.replace(" ", "/"), ...at(sizes) }))
);

/** A variant that was given up. */
export interface WrongVariant {
  /** Op, part and variant, such as `matmul/projection forward plain 8x16`, as `Choices.drop` takes it. */
  label: string;
  /** What is wrong. */
  fault: string;
}

/**
 * Checks the variant that the device begins with for each op that has some against the op's float64
 * reference, gives up one that is wrong and checks the next.
 *
 * @param cases of ops with variants, labelled `op/what`
 * @returns what was given up
 * @throws {GpuError} if all variants of an op are wrong
 */
export async function giveUpWrongVariants(
  device: Device,
  cases: readonly KernelCase[] = CASES,
): Promise<WrongVariant[]> {
  const wrong: WrongVariant[] = [];
  for (const one of cases) {
    for (;;) {
      const choices = new Choices();
      for (const { label } of wrong) choices.drop(label);
      const fault = await device.withChoices(
        choices,
        () => checkCase(device, one.op, one.reference, one),
      );
      const [question] = choices.asked.values();
      if (fault === undefined || !question) break;
      const label = `${one.label} ${choices.pick(question).name}`;
      if (!choices.drop(label)) {
        throw new GpuError(
          `Cannot compute on this adapter: no variant of ${one.label} is right. Update the driver; ` +
            `\`quern doctor --verify\` checks every op. The last fault: ${fault}`,
        );
      }
      wrong.push({ label, fault });
    }
  }
  for (const { label } of wrong) device.choices.drop(label);
  return wrong;
}
