import type { Step } from "../stage.ts";
import { withText } from "./analysis.ts";

/** Options of `unicodeNormalization`. */
export interface UnicodeNormalizationOptions {
  /**
   * `NFC` joins letters and accents and changes nothing that can be seen; `NFKC` also replaces
   * ligatures, full-width letters, superscripts and the like by plain ones. @default "NFC"
   */
  form?: "NFC" | "NFKC";
}

/**
 * A step that writes equal characters in one way (Unicode Standard Annex 15).
 *
 * @throws {RangeError} for another form
 * @example
 * ```ts
 * import { unicodeNormalization } from "@quern/quern";
 * const { apply } = unicodeNormalization({ form: "NFKC" });
 * console.log(apply({ id: "0", text: "ﬁne", source: "example", metadata: {} })); // … text: "fine"
 * ```
 */
export function unicodeNormalization(options: UnicodeNormalizationOptions = {}): Step {
  const { form = "NFC" } = options;
  if (form !== "NFC" && form !== "NFKC") {
    throw new RangeError(`Cannot normalize text: wanted the form NFC or NFKC, got ${form}`);
  }
  return {
    name: "unicode",
    apply: (document) => withText(document, document.text.normalize(form)),
  };
}

/**
 * Control characters other than tab and the line breaks; zero-width space, no-break space and word
 * joiner, soft hyphen, marks of direction, annotation. The zero-width joiners are not in it: Persian,
 * the scripts of India and emoji are written with them.
 */
const INVISIBLE =
  /(?:(?![\t\n\v\f\r\x85])\p{Cc}|[\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb])+/gu;

/** A step that removes control, zero-width and direction characters. */
export function controlCharacterRemoval(): Step {
  return {
    name: "control characters",
    apply: (document) => withText(document, document.text.replace(INVISIBLE, "")),
  };
}

const OTHER_LINE_ENDING = /\r\n|[\r\v\f\x85\u2028\u2029]/g;

/** A step that ends all lines with `\n`: those of Windows, old Macs, Unicode and form feeds too. */
export function lineEndings(): Step {
  return {
    name: "line endings",
    apply: (document) => withText(document, document.text.replace(OTHER_LINE_ENDING, "\n")),
  };
}
