/**
 * Where sentences end. Unicode's Sentence_Terminal is what spaCy's sentencizer and FineWeb's list of
 * terminal punctuation are made of; they come from an older edition, without 14 of today's signs but
 * with three Khmer ones.
 */
const TERMINAL = /[\p{STerm}៖៙៚]/u;
/** Ends a sentence whatever follows: such scripts put no space after it. */
const WIDE_TERMINAL = /[。！？｡︒︕︖﹒﹗﹖．។៕။]/;
const CLOSING = /["')\]}”’»」』）》〉】]/;

/** Whether a line ends with terminal punctuation of any script. */
export function endsWithTerminal(line: string): boolean {
  const last = line.charCodeAt(line.length - 1);
  if (last < 128) return last === 0x2e || last === 0x21 || last === 0x3f; // . ! ?
  return TERMINAL.test(String.fromCodePoint(line.codePointAt(widthAtEnd(line))!));
}

function widthAtEnd(line: string): number {
  const isPair = (line.charCodeAt(line.length - 1) & 0xfc00) === 0xdc00 && line.length > 1;
  return line.length - (isPair ? 2 : 1);
}

/**
 * Whether a line ends a sentence in a script that is not written with ASCII's full stop, closing
 * quotation marks and brackets passed over.
 */
export function endsWithForeignTerminal(line: string): boolean {
  let end = line.length;
  while (end > 0 && CLOSING.test(line[end - 1])) end--;
  return end > 0 && line.charCodeAt(end - 1) >= 128 && endsWithTerminal(line.slice(0, end));
}

/**
 * Number of sentences of a line, up to `most`: a sentence ends with terminal punctuation (not an
 * ellipsis) before white space, after closing quotation marks and brackets; in Chinese and Japanese
 * before anything. spaCy's sentencizer also knows abbreviations (`e.g.`), which end one here.
 */
export function countSentences(line: string, most: number = Infinity): number {
  let count = 0;
  let hasText = false;
  for (let i = 0; i < line.length && count < most; i++) {
    const unit = line.charCodeAt(i);
    const isEnd = unit < 128
      ? unit === 0x21 || unit === 0x3f || unit === 0x2e && line.charCodeAt(i - 1) !== 0x2e &&
          line.charCodeAt(i + 1) !== 0x2e
      : unit >= 0x589 && TERMINAL.test(line[i]);
    if (!isEnd) {
      hasText ||= unit > 0x20;
      continue;
    }
    const isWide = unit > 128 && WIDE_TERMINAL.test(line[i]);
    let next = i + 1;
    while (next < line.length && (CLOSING.test(line[next]) || TERMINAL.test(line[next]))) next++;
    if (next === line.length || isWide || /\s/.test(line[next])) {
      count++;
      hasText = false;
    }
    i = next - 1;
  }
  return Math.min(most, count + Number(hasText));
}
