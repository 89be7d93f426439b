import { createHash } from "node:crypto";

/**
 * The side of a document, by the hash of its cluster's key and a salt: about the fraction asked for
 * is validation, and a document stays where it is as the corpus grows.
 *
 * @param clusterKey the exact hash of the kept document (`fingerprinter`), one for a whole cluster
 * @param validationFraction from 0 to 1
 * @param salt another one makes another split
 * @throws {RangeError} where the fraction is not from 0 to 1
 */
export function splitOf(
  clusterKey: Uint8Array | string,
  validationFraction: number,
  salt: number | string = 0,
): "train" | "validation" {
  if (!(validationFraction >= 0 && validationFraction <= 1)) {
    throw new RangeError(
      `Cannot split: wanted a validation fraction from 0 to 1, got ${validationFraction}`,
    );
  }
  const hash = createHash("sha256").update(`${salt}\0`).update(clusterKey).digest();
  // 48 bits are exact in a double.
  return hash.readUIntBE(0, 6) / 2 ** 48 < validationFraction ? "validation" : "train";
}
