import { hash } from "node:crypto";
import { KEY_BYTES, Minhasher, type MinhashOptions } from "./minhash.ts";

/** Options of `fingerprinter`. */
export interface FingerprintOptions extends MinhashOptions {
  /** What counts as a duplicate: the same text, or also one that shares most of its words. */
  kind: "exact" | "minhash";
}

/**
 * A function that makes the fingerprint of a text, by which `DuplicateFinder` knows its duplicates:
 * 16 bytes of its hash; with `minhash` also 16 for each band of its signature, unless the text has
 * fewer words than a shingle.
 *
 * The hash is the first half of SHA-256 of the text in Unicode's NFC, each run of white space as
 * one space, none at the ends.
 *
 * @throws {RangeError} where an option is not a whole number of at least 1 (seed: 0)
 * @example
 * ```ts
 * import { fingerprinter } from "@quern/quern";
 * const fingerprint = fingerprinter({ kind: "minhash" });
 * console.log(fingerprint("One two three four five").length); // 16 + 14 * 16
 * console.log(fingerprint("Too short").length); // 16
 * ```
 */
export function fingerprinter(
  { kind, ...options }: FingerprintOptions,
): (text: string) => Uint8Array<ArrayBuffer> {
  if (kind === "exact") return exactHash;
  const minhasher = new Minhasher(options);
  return (text) => {
    const exact = exactHash(text);
    const signature = minhasher.signText(text);
    if (signature === undefined) return exact;
    const bands = minhasher.bandKeys(signature);
    const fingerprint = new Uint8Array(KEY_BYTES + bands.length);
    fingerprint.set(exact);
    fingerprint.set(bands, KEY_BYTES);
    return fingerprint;
  };
}

function exactHash(text: string): Uint8Array<ArrayBuffer> {
  const normal = text.normalize("NFC").replace(/\s{2,}|[^\S ]/g, " ").trim();
  return new Uint8Array(hash("sha256", normal, "buffer").subarray(0, KEY_BYTES));
}
