import { assertEquals, assertNotEquals } from "@std/assert";
import { fingerprinter } from "../../../data/dedup/mod.ts";

Deno.test("fingerprint: white space and the form of accents make no difference, words do", () => {
  const fingerprint = fingerprinter({ kind: "exact" });
  assertEquals(fingerprint(" caf\u00e9\n\ngreat "), fingerprint("cafe\u0301 great"));
  assertNotEquals(fingerprint("caf\u00e9 great"), fingerprint("cafe great"));
  assertEquals(fingerprint("").length, 16);
});

Deno.test("fingerprint: near duplicates share a band, other texts none", () => {
  const fingerprint = fingerprinter({ kind: "minhash" });
  const words = Array.from(
    { length: 200 },
    (_, i) => i.toString(2).replaceAll("0", "a").replaceAll("1", "b"),
  );
  const bandsOf = (text: string) => {
    const bytes = fingerprint(text);
    return Array.from({ length: 14 }, (_, i) => bytes.slice(16 + 16 * i, 32 + 16 * i).toHex());
  };
  const bands = bandsOf(words.join(" "));
  const near = bandsOf(words.with(100, "changed").join(" "));
  const far = bandsOf(words.toReversed().join(" "));
  const shared = (other: string[]) => bands.filter((band, i) => band === other[i]).length;
  assertEquals(shared(bands), 14);
  assertEquals(shared(near) > 0, true);
  assertEquals(shared(far), 0);
});
