import { byteAlphabet } from "./byte.ts";
import type { JsonPart } from "./json_part.ts";
import { readPattern } from "./json_pattern.ts";
import { charsmapNormalizer } from "./charsmap.ts";

/** Changes a text before it is cut into pieces. */
export type Normalizer = (text: string) => string;

const KINDS: Readonly<Record<string, (part: JsonPart) => Normalizer>> = {
  NFC: () => (text) => text.normalize("NFC"),
  NFD: () => (text) => text.normalize("NFD"),
  NFKC: () => (text) => text.normalize("NFKC"),
  NFKD: () => (text) => text.normalize("NFKD"),
  Lowercase: () => lowercase,
  Nmt: () => nmt,
  StripAccents: () => (text) => text.replace(/\p{M}+/gu, ""),
  Strip: readStrip,
  Replace(part) {
    const [pattern, content] = [readPattern(part), part.string("content")];
    return (text) => text.replace(pattern, () => content);
  },
  Prepend(part) {
    const before = part.string("prepend");
    return (text) => text === "" ? text : before + text;
  },
  ByteLevel: () => byteLevel,
  BertNormalizer: readBert,
  Precompiled: (part: JsonPart) => {
    const map = part.string("precompiled_charsmap", "");
    try {
      return charsmapNormalizer(map);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      part.refuse("precompiled_charsmap", error.message, map);
    }
  },
  Sequence(part) {
    const steps = part.parts("normalizers").map(readNormalizer);
    return (text) => steps.reduce((changed, step) => step(changed), text);
  },
};

/** Reads a normalizer. */
export function readNormalizer(part: JsonPart): Normalizer {
  const type = part.choice("type", Object.keys(KINDS));
  const normalizer = KINDS[type](part);
  part.end();
  return normalizer;
}

/** Lower case letter by letter: a sigma at the end of a word is like any other. */
function lowercase(text: string): string {
  return text.replace(/Σ/g, "σ").toLowerCase();
}

/** What machine translation takes for white space, and what it leaves out. */
function nmt(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]+/g, "").replace(
    /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g,
    " ",
  );
}

function readStrip(part: JsonPart): Normalizer {
  const [left, right] = [part.boolean("strip_left", true), part.boolean("strip_right", true)];
  return (text) => {
    if (left) text = text.replace(/^\p{White_Space}+/u, "");
    return right ? trimEnd(text) : text;
  };
}

/** Without white space at the end; a pattern would try again at each space within. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /\p{White_Space}/u.test(text[end - 1])) end--;
  return text.slice(0, end);
}

function byteLevel(text: string): string {
  const alphabet = byteAlphabet();
  return Array.from(new TextEncoder().encode(text), (byte) => alphabet[byte]).join("");
}

const CHINESE = new RegExp(
  "[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}" +
    "\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]",
  "gu",
);

function readBert(part: JsonPart): Normalizer {
  const clean = part.boolean("clean_text", true);
  const chinese = part.boolean("handle_chinese_chars", true);
  const lower = part.boolean("lowercase", true);
  const strip = part.boolean("strip_accents", lower);
  return (text) => {
    if (clean) {
      text = text.replace(/(?![\t\n\r])[\p{C}\ufffd]/gu, "").replace(/\p{White_Space}/gu, " ");
    }
    if (chinese) text = text.replace(CHINESE, " $& ");
    if (strip) text = text.normalize("NFD").replace(/\p{Mn}+/gu, "");
    return lower ? lowercase(text) : text;
  };
}
