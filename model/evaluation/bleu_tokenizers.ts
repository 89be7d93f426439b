import { splitSpace, stripSpace } from "./white_space.ts";

/** How BLEU cuts texts into words: mteval's for European languages, Chinese, or characters. */
export const BLEU_TOKENIZERS = ["13a", "zh", "char"] as const;

/** A tokenizer of BLEU. */
export type BleuTokenizer = typeof BLEU_TOKENIZERS[number];

/**
 * The words of a text as sacreBLEU counts them.
 *
 * Source: mteval-v13a.pl (NIST), and sacreBLEU's `zh`, which sets each Chinese character apart.
 */
export function bleuWords(text: string, tokenizer: BleuTokenizer): string[] {
  const line = stripSpace(text, "end");
  if (tokenizer === "char") return splitSpace([...line].join(" "));
  return splitSpace(separate(tokenizer === "zh" ? apartChinese(line) : mteval13a(line)));
}

/** The language-independent part of mteval-v13a: entities and line ends. */
function mteval13a(line: string): string {
  const plain = line.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ")
    .replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
  return ` ${plain} `;
}

/** Its part for Western languages: punctuation stands apart, but for points and commas in numbers. */
function separate(line: string): string {
  return line.replace(/([{-~[-` -&(-+:-@/])/gu, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/gu, "$1 $2 ");
}

/**
 * First and last code points of what counts as Chinese. The last two pairs are sacreBLEU's: it means
 * U+20000 to U+2A6D6 and U+2F800 to U+2FA1D, but writes them with four digits, so that dashes,
 * quotation marks and arrows stand apart and rare ideographs do not.
 */
const CHINESE: readonly (readonly [number, number])[] = [
  [0x2600, 0x27bf], // symbols and dingbats
  [0x2e80, 0x2fdf], // radicals
  [0x2ff0, 0x303f], // structure and punctuation
  [0x3100, 0x312f], // Bopomofo
  [0x31a0, 0x31bf],
  [0x31c0, 0x31ef], // strokes
  [0x3200, 0x33ff], // enclosed and squared
  [0x3400, 0x4db5], // ideographs, extension A
  [0x4e00, 0x9fbb], // ideographs
  [0xf900, 0xfa2d], // compatibility
  [0xfa30, 0xfa6a],
  [0xfa70, 0xfad9],
  [0xfe10, 0xfe1f],
  [0xfe30, 0xfe4f],
  [0xff00, 0xffef], // full and half width
  [0x2001, 0x2a6d],
  [0x2f81, 0x2fa1],
];

function apartChinese(line: string): string {
  let apart = "";
  for (const character of stripSpace(line, "start")) {
    const code = character.codePointAt(0)!;
    const isChinese = CHINESE.some(([first, last]) => code >= first && code <= last);
    apart += isChinese ? ` ${character} ` : character;
  }
  return apart;
}
