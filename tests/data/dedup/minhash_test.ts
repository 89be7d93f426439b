import { assert, assertEquals, assertThrows } from "@std/assert";
import { Minhasher } from "../../../data/dedup/mod.ts";
import { minhashModule, NO_MINIMUM } from "../../../data/dedup/minhash_module.ts";
import { simplify } from "../../../data/dedup/simplify.ts";

interface Golden {
  cases: { words: string[]; options: Record<string, number>; signature: string[] }[];
  xxh64: [hex: string, hash: string][];
}
const golden: Golden = JSON.parse(
  await Deno.readTextFile(new URL("../../golden/minhash.json", import.meta.url)),
);
/** Words of letters alone, which simplifying leaves as they are. */
const words = (count: number) =>
  Array.from(
    { length: count },
    (_, i) => `${(i * i) % 9973}`.replace(/\d/g, (digit) => "abcdefghij"[+digit]),
  );

Deno.test("minhash: XXH64 of 0 to 1,000 bytes at any place", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { hash } = minhashModule(memory);
  const bytes = new Uint8Array(memory.buffer);
  for (const [hex, expected] of golden.xxh64) {
    const data = Uint8Array.fromHex(hex);
    for (const start of [8, 1003]) {
      bytes.set(data, start);
      hash(start, start + data.length, 0);
      const [found] = new BigUint64Array(memory.buffer);
      assertEquals(found.toString(16).padStart(16, "0"), expected, `${data.length} bytes`);
    }
  }
});

Deno.test("minhash: the minima are exact next to the prime and to 2⁶⁴", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { lower } = minhashModule(memory);
  const numbers = new BigUint64Array(memory.buffer);
  const near = [0n, NO_MINIMUM, 1n << 61n, 7n << 61n, (1n << 64n) - 1n];
  const inputs = near.flatMap((x) => Array.from({ length: 21 }, (_, i) => x + BigInt(i) - 10n));
  for (const minimum of [NO_MINIMUM, NO_MINIMUM - 1n, NO_MINIMUM - 9n, 100n, 3n, 0n]) {
    for (const x of inputs) {
      numbers.set([x - 5n, 1n, 5n, minimum]); // one hash; a = 1 and b = 5
      lower(0, 8, 8, 32);
      const value = BigInt.asUintN(64, x) % NO_MINIMUM;
      assertEquals(numbers[3], value < minimum ? value : minimum, `${x}, ${minimum}`);
    }
  }
});

Deno.test("minhash: signatures of words are numpy's", () => {
  for (const { words, options, signature } of golden.cases) {
    const found = new Minhasher(options).signWords(words)!;
    assertEquals(Array.from(found, String), signature, `${words.length} words`);
  }
});

Deno.test("minhash: one hasher signs long, short and no text in turn", () => {
  const minhasher = new Minhasher();
  const long = words(60_000); // many stretches, over the first page of memory
  const expected = minhasher.signWords(long);
  assertEquals(minhasher.signText("too few words"), undefined);
  assertEquals(minhasher.signText(""), undefined);
  const fresh = new Minhasher();
  assertEquals(fresh.signText(long.join("\n").toUpperCase()), expected);
  assertEquals(
    fresh.signText("One, two. Three four... FIVE"),
    minhasher.signWords([
      ..."one two three four five".split(" "),
    ]),
  );
  // A word longer than what is simplified at once is cut the same way each time.
  const endless = "ab".repeat(1_500_000);
  assertEquals(fresh.signText(`${endless} a b c d e`), minhasher.signText(`${endless} a b c d e`));
});

Deno.test("minhash: similar texts share bands, others none", () => {
  const minhasher = new Minhasher();
  const keys = (words: string[]) => {
    const bytes = minhasher.bandKeys(minhasher.signWords(words)!);
    assertEquals(bytes.length, 14 * 16);
    return Array.from({ length: 14 }, (_, i) => bytes.subarray(16 * i, 16 * i + 16).toHex());
  };
  const a = keys(words(400));
  assertEquals(new Set(a).size, 14);
  const shared = (b: string[]) => b.filter((key) => a.includes(key)).length;
  assertEquals(shared(keys(words(400))), 14);
  const near = shared(keys(words(400).with(200, "other"))); // similarity (396 - 5) / (396 + 5)
  assert(near > 0 && near < 14, `${near} bands`);
  assertEquals(shared(keys(words(400).map((word) => `x${word}`))), 0);
});

Deno.test("minhash: a key tells bands apart that hold the same values", () => {
  const minhasher = new Minhasher({ bands: 3, rows: 2 });
  const keys = minhasher.bandKeys(BigUint64Array.of(1n, 2n, 1n, 2n, 2n, 1n));
  const parts = [0, 16, 32].map((at) => keys.subarray(at, at + 16).toHex());
  assertEquals(new Set(parts).size, 3);
});

Deno.test("minhash: simplified text", () => {
  assertEquals(simplify("  Don't PANIC -- it's 3.50 € (or 1,000)!\n"), "don t panic it s 0 or 0");
  assertEquals(simplify("Ünïted e\u0301tés, ΣΊΣΥΦΟΣ ½ x² ١٢٫٥"), "united etes σισυφος ½ x² 0");
  assertEquals(simplify("我们去北京。abデータ"), "我 们 去 北 京 ab テ ー タ");
  assertEquals(simplify("สวัสดีชาวโลก"), "สวสด ชาว โลก");
  assertEquals(simplify("a \u0301 b\u0000\ufeffc"), "a b c");
  assertEquals(simplify("\u0301 ...\n"), "");
});

Deno.test("minhash: wrong options and words are named", () => {
  assertThrows(
    () => new Minhasher({ rows: 0 }),
    RangeError,
    "Cannot make MinHash signatures: wanted a whole number of at least 1 as rows, got 0",
  );
  assertThrows(() => new Minhasher({ seed: 2 ** 32 }), RangeError, "as seed, got 4294967296");
  assertThrows(
    () => new Minhasher().signWords(["a", "b c"]),
    RangeError,
    'Cannot sign words: wanted words without spaces, got "b c"',
  );
});
