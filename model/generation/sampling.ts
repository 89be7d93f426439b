import { ADJUSTS } from "../../kernels/mod.ts";
import type { SamplingOptions } from "./request.ts";

/** How tokens are chosen where a request says nothing. */
export const SAMPLING_DEFAULTS: SamplingOptions = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  repetitionPenalty: 1,
  logitBias: new Map(),
  seed: 1,
};

/** Temperatures below are 0: their reciprocal would leave the range of float32. */
const COLDEST = 1e-6;

/**
 * Checks sampling options.
 *
 * @throws {RangeError} naming the option, its value and what it must be
 */
export function assertSampling(options: SamplingOptions, vocabularySize: number): void {
  const check = (name: string, value: number, ok: boolean, rule: string) => {
    if (!ok) throw new RangeError(`Cannot sample: ${name} must be ${rule}, got ${value}`);
  };
  const { temperature, topK, topP, minP, repetitionPenalty, seed } = options;
  const within = (low: number, high: number, value: number) => value >= low && value <= high;
  const { MAX_VALUE } = Number;
  check("temperature", temperature, within(0, MAX_VALUE, temperature), "at least 0");
  check("topK", topK, Number.isInteger(topK) && topK >= 0, "a whole number of at least 0");
  check("topP", topP, within(0, 1, topP), "from 0 to 1");
  check("minP", minP, within(0, 1, minP), "from 0 to 1");
  for (const name of ["presencePenalty", "frequencyPenalty"] as const) {
    check(name, options[name], Number.isFinite(options[name]), "a number");
  }
  const positive = repetitionPenalty > 0 && Number.isFinite(repetitionPenalty);
  check("repetitionPenalty", repetitionPenalty, positive, "above 0");
  check("seed", seed, Number.isSafeInteger(seed), "a whole number below 2 ** 53");
  for (const [id, bias] of options.logitBias) {
    const known = Number.isInteger(id) && within(0, vocabularySize - 1, id);
    check("a token of logitBias", id, known, `a token of 0 to ${vocabularySize - 1}`);
    check(`logitBias of token ${id}`, bias, Number.isFinite(bias), "a number");
  }
}

/** Whether penalties look at the tokens of a sequence. */
export function hasPenalties(options: SamplingOptions): boolean {
  const { presencePenalty, frequencyPenalty, repetitionPenalty } = options;
  return presencePenalty !== 0 || frequencyPenalty !== 0 || repetitionPenalty !== 1;
}

/** Sampling options in the words that the GPU reads for a slot. */
export function settingsWords(
  options: SamplingOptions,
  { masked }: { masked: boolean },
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(12);
  const floats = new Float32Array(words.buffer);
  const { temperature, topK, topP, minP, seed } = options;
  const bits = BigInt.asUintN(64, BigInt(seed));
  floats[0] = temperature < COLDEST ? 0 : temperature;
  words[1] = Math.min(topK, 0xffffffff);
  floats[2] = topP;
  floats[3] = minP;
  words[4] = Number(bits & 0xffffffffn);
  words[5] = Number(bits >> 32n);
  words[6] = (hasPenalties(options) ? ADJUSTS.penalties : 0) |
    (options.logitBias.size > 0 ? ADJUSTS.bias : 0) | (masked ? ADJUSTS.mask : 0);
  floats[8] = options.presencePenalty;
  floats[9] = options.frequencyPenalty;
  floats[10] = options.repetitionPenalty;
  return words;
}
