import { assertEquals, assertThrows } from "@std/assert";
import { SAMPLING_DEFAULTS, type SamplingOptions } from "../../../model/mod.ts";
import { assertSampling, hasPenalties, settingsWords } from "../../../model/generation/sampling.ts";

const WRONG: [Partial<SamplingOptions>, string][] = [
  [{ temperature: -1 }, "temperature must be at least 0, got -1"],
  [{ temperature: NaN }, "temperature must be at least 0, got NaN"],
  [{ topK: 1.5 }, "topK must be a whole number of at least 0, got 1.5"],
  [{ topP: 1.01 }, "topP must be from 0 to 1, got 1.01"],
  [{ minP: -0.1 }, "minP must be from 0 to 1, got -0.1"],
  [{ presencePenalty: Infinity }, "presencePenalty must be a number, got Infinity"],
  [{ frequencyPenalty: NaN }, "frequencyPenalty must be a number, got NaN"],
  [{ repetitionPenalty: 0 }, "repetitionPenalty must be above 0, got 0"],
  [{ seed: 0.5 }, "seed must be a whole number below 2 ** 53, got 0.5"],
  [{ seed: 2 ** 53 }, "seed must be a whole number below 2 ** 53, got 9007199254740992"],
  [{ logitBias: new Map([[9, 1]]) }, "a token of logitBias must be a token of 0 to 8, got 9"],
  [{ logitBias: new Map([[8, NaN]]) }, "logitBias of token 8 must be a number, got NaN"],
];

Deno.test("assertSampling: names the option, its value and what it must be", () => {
  assertSampling({ ...SAMPLING_DEFAULTS, topP: 0, minP: 1, seed: -7 }, 9);
  for (const [options, message] of WRONG) {
    assertThrows(
      () => assertSampling({ ...SAMPLING_DEFAULTS, ...options }, 9),
      RangeError,
      `Cannot sample: ${message}`,
    );
  }
});

Deno.test("settingsWords: fractions as their bits, the seed in two words, what applies in one", () => {
  const sampling = {
    ...SAMPLING_DEFAULTS,
    ...{ temperature: 0.5, topK: 7, topP: 0.25, minP: 0.125, seed: -2 },
    ...{ presencePenalty: 1, frequencyPenalty: 2, repetitionPenalty: 4 },
  };
  const words = settingsWords(sampling, { masked: true });
  const floats = new Float32Array(words.buffer);
  assertEquals([floats[0], words[1], floats[2], floats[3]], [0.5, 7, 0.25, 0.125]);
  assertEquals([...words.slice(4, 8)], [0xfffffffe, 0xffffffff, 5, 0]);
  assertEquals([...floats.slice(8)], [1, 2, 4, 0]);
  const plain = settingsWords({ ...SAMPLING_DEFAULTS, temperature: 1e-9, seed: 2 ** 32 + 3 }, {
    masked: false,
  });
  assertEquals([...plain.slice(0, 8)], [0, 0, 0x3f800000, 0, 3, 1, 0, 0]);
});

Deno.test("hasPenalties: any that differs from none", () => {
  assertEquals(hasPenalties(SAMPLING_DEFAULTS), false);
  for (const name of ["presencePenalty", "frequencyPenalty", "repetitionPenalty"]) {
    assertEquals(hasPenalties({ ...SAMPLING_DEFAULTS, [name]: 0.5 }), true);
  }
});
