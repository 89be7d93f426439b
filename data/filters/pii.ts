import type { Document } from "../document.ts";
import type { Step } from "../stage.ts";
import { withText } from "./analysis.ts";
import { findPii, type PiiKind, type PiiMatch } from "./pii_patterns.ts";

/** Options of `piiRemoval`. */
export interface PiiRemovalOptions {
  /** What to replace. @default ["email", "ip", "phone", "card", "key"] */
  kinds?: readonly PiiKind[];
}

/** All kinds of personal data and secrets that `piiRemoval` knows. */
export const PII_KINDS: readonly PiiKind[] = ["email", "ip", "phone", "card", "key"];

/**
 * A step that replaces personal data and secrets of well-known shapes: e-mail addresses; public IPv4
 * and IPv6 addresses; phone numbers, international ones with `+` and North American ones; card
 * numbers with a right check digit; keys and tokens (AWS, GitHub, GitLab, Slack, OpenAI, Anthropic,
 * Stripe, Google, Hugging Face, npm, PyPI, SendGrid, JSON web tokens, private keys in PEM).
 *
 * Addresses and numbers become ones that are reserved for examples, several in turn, cards `[CARD]`
 * and keys `[SECRET]`. Which example it is depends on the document's id and on how many stand before
 * it in the document, so the result is the same in any order and on any worker, and a second time
 * changes nothing.
 *
 * @throws {RangeError} for an unknown kind
 * @example
 * ```ts
 * import { piiRemoval } from "@quern/quern";
 * const { apply } = piiRemoval();
 * const text = "Write to jane@mill.example, card 4111 1111 1111 1111.";
 * console.log(apply({ id: "0", text, source: "example", metadata: {} }));
 * ```
 */
export function piiRemoval({ kinds = PII_KINDS }: PiiRemovalOptions = {}): Step {
  const unknown = kinds.find((kind) => !PII_KINDS.includes(kind));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot remove personal data: wanted kinds of ${PII_KINDS.join(", ")}, got ${unknown}`,
    );
  }
  const wanted = new Set(kinds);
  return {
    name: "pii",
    apply(document) {
      const found = findPii(document.text, wanted);
      return found.length === 0 ? document : withText(document, replace(document, found));
    },
  };
}

function replace({ id, text }: Document, found: readonly PiiMatch[]): string {
  let replaced = "";
  let end = 0;
  for (const [i, match] of found.entries()) {
    const { replacements } = match;
    replaced += text.slice(end, match.start) +
      replacements[hashOf(`${id}\n${i}`) % replacements.length];
    end = match.end;
  }
  return replaced + text.slice(end);
}

/** FNV-1a over UTF-16 units, 32 bits, its bits spread over the low ones. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d) >>> 8;
}
