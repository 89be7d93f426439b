import type { Normalizer } from "./normalizers.ts";

/** Bytes up to which a cluster of characters is looked up as a whole. */
const CLUSTER_BYTES = 5;

/**
 * SentencePiece's table of characters and what they become: the length of a double-array trie
 * (Darts) in bytes, its units, then the texts, each ended by a zero. As in Hugging Face's library, a
 * cluster of characters (grapheme) of fewer than six bytes is looked up first, then each character,
 * and the shortest match counts.
 *
 * @param base64 the table; an empty one changes nothing
 * @throws {RangeError} saying what the table must be
 */
export function charsmapNormalizer(base64: string): Normalizer {
  if (base64 === "") return (text) => text;
  const { units, texts } = readTable(base64);
  const utf8 = new TextEncoder();
  const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

  /** What a text becomes; undefined where the table says nothing of it. */
  function lookUp(text: string): string | undefined {
    let place = offsetOf(units[0]);
    for (const byte of utf8.encode(text)) {
      if (byte === 0) return undefined;
      place ^= byte;
      const unit = units[place] ?? 0;
      if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
      place ^= offsetOf(unit);
      if ((unit >>> 8 & 1) === 1) {
        const start = (units[place] ?? 0) & 0x7fffffff;
        const end = texts.indexOf(0, start);
        return new TextDecoder().decode(texts.subarray(start, end < 0 ? texts.length : end));
      }
    }
    return undefined;
  }

  function replaceCluster(cluster: string): string {
    const whole = utf8.encode(cluster).length <= CLUSTER_BYTES ? lookUp(cluster) : undefined;
    if (whole !== undefined) return whole;
    return Array.from(cluster, (character) => lookUp(character) ?? character).join("");
  }

  return (text) =>
    Array.from(segmenter.segment(text), ({ segment }) => replaceCluster(segment)).join("");
}

function readTable(base64: string): { units: Uint32Array; texts: Uint8Array } {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(base64);
  } catch {
    throw new RangeError("base64");
  }
  const view = new DataView(bytes.buffer);
  const length = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (length === 0 || length % 4 !== 0 || 4 + length > bytes.length) {
    throw new RangeError("a trie of the length that it begins with, and texts");
  }
  const units = Uint32Array.from({ length: length / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  return { units, texts: bytes.subarray(4 + length) };
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
