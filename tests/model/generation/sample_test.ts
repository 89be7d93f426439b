import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { sampleToken } from "../../../model/mod.ts";

const LOGITS = Float32Array.of(0, Math.log(2), Math.log(4), Math.log(1)); // 1 : 2 : 4 : 1
const ALL = { temperature: 1, topK: 0, topP: 1 };

/** How often each token comes out of evenly spread random numbers. */
function shares(options: Partial<typeof ALL>): number[] {
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 800; i++) {
    counts[sampleToken(LOGITS, { ...ALL, ...options }, (i + 0.5) / 800)]++;
  }
  return counts.map((count) => count / 800);
}

Deno.test("sampleToken: follows the softmax of the logits", () => {
  assertEquals(shares({}), [1 / 8, 1 / 4, 1 / 2, 1 / 8]);
});

Deno.test("sampleToken: temperature divides the logits; 0 takes the likeliest, the first of equals", () => {
  const cold = shares({ temperature: 0.5 });
  for (const [i, share] of [1 / 22, 4 / 22, 16 / 22, 1 / 22].entries()) {
    assertAlmostEquals(cold[i], share, 1 / 800);
  }
  assertEquals(shares({ temperature: 0 }), [0, 0, 1, 0]);
  assertEquals(sampleToken(Float32Array.of(1, 3, 3), { ...ALL, temperature: 0 }, 0.9), 1);
});

Deno.test("sampleToken: top-k and top-p keep the likeliest", () => {
  assertEquals(shares({ topK: 1 }), [0, 0, 1, 0]);
  assertEquals(shares({ topK: 9 }), shares({}));
  assertEquals(shares({ topP: 0.5 }), [0, 0, 1, 0]);
  assertEquals(shares({ topP: 0.51 })[1] > 0, true);
});

Deno.test("sampleToken: broken logits and options out of range are refused", () => {
  assertThrows(() => sampleToken(Float32Array.of(1, NaN), ALL, 0), RangeError, "logits are NaN");
  for (const [name, value] of [["temperature", -1], ["topK", 1.5], ["topP", 0]] as const) {
    assertThrows(
      () => sampleToken(LOGITS, { ...ALL, [name]: value }, 0),
      RangeError,
      `Cannot sample: ${name} must be`,
    );
  }
});
