import type { ParameterShape } from "../checkpoint/mod.ts";

const ADAPTER = /[.]lora_[AB][.]weight$/;
const HEAD = /^(score|classifier)[.]/;

/**
 * Which parameters are trained: all but those whose names a pattern finds; of a model with adapters
 * those and its head.
 *
 * @param parameters the model's
 * @param freeze regular expressions, looked for anywhere in a parameter's Hugging Face name
 * @returns whether the parameter of a name is trained
 * @throws {RangeError} where a pattern is none, finds no parameter, or all are frozen
 */
export function trainedParameters(
  parameters: readonly ParameterShape[],
  { freeze = [] }: { freeze?: readonly string[] },
): (name: string) => boolean {
  const patterns = freeze.map((text) => {
    try {
      return new RegExp(text);
    } catch {
      throw new RangeError(`Cannot freeze ${text}: it is no regular expression`);
    }
  });
  const names = parameters.map(({ name }) => name);
  const unused = patterns.find((pattern) => !names.some((name) => pattern.test(name)));
  if (unused) {
    throw new RangeError(
      `Cannot freeze ${unused.source}: no parameter has such a name; they are called ` +
        `${names[0]}, ${names[2]} and so on`,
    );
  }
  const adapts = names.some((name) => ADAPTER.test(name));
  const isTrained = (name: string) =>
    (!adapts || ADAPTER.test(name) || HEAD.test(name)) &&
    !patterns.some((pattern) => pattern.test(name));
  if (!names.some(isTrained)) {
    throw new RangeError(`Cannot train: ${freeze.join(", ")} freezes all parameters`);
  }
  return isTrained;
}
