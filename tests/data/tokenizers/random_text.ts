/** Pieces of text that tokenizers disagree on: scripts, marks, white space, numbers, contractions. */
const PIECES: readonly string[] = [
  ..."abcdefgnrstxyzABCDEST".split(""),
  ..."  \n\t\r0123456789.,;:!?'’\"-_()[]{}<>/\\@#$%^&*+=|~`".split(""),
  ...["'s", "'t", "'re", "'VE", "'m", "'ll", "'D", "'ſ", "don't", "WE'LL", "ſ", "İ", "ǅ", "ʰ"],
  ...["\r\n", "\n\n", "   ", " \n ", "\u00a0", "\u2003", "\u2028", "\u3000", "\v\f", "\u200b"],
  ..."éèßñøÅçžŁ".split(""),
  ..."абвгДЖЯ".split(""),
  ..."αβγΣςΩ".split(""),
  ..."春眠不觉晓处处闻啼鸟".split(""),
  ..."のはカタナ".split(""),
  ..."한국어".split(""),
  ..."ไทยก็ที่".split(""),
  ..."हिन्दी".split(""),
  ..."العربية".split(""),
  ..."שלום".split(""),
  ...["e\u0301", "a\u0308\u0323", "\u0301", "\u20dd", "\u0e31"],
  ...["😀", "👩‍👩‍👧", "🇩🇪", "❤️", "🏳️‍🌈", "𝒳", "𠀀", "𐐀", "𞤀"],
  ...["½", "Ⅷ", "²", "٣", "१२", "𝟘", "㊷"],
  ...["the", " the", "ing", "tion", " and", "Hello", " world", "http://", "function", "return"],
  ...["\0", "\x7f", "\ud800", "\udc00", "\ufffd"],
];

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Short strings of such pieces, the same for the same seed. */
export function* randomStrings(count: number, seed: number): Generator<string> {
  const random = randomNumbers(seed);
  for (let i = 0; i < count; i++) {
    let text = "";
    for (let length = 1 + Math.floor(10 * random()); length > 0; length--) {
      const piece = PIECES[Math.floor(PIECES.length * random())];
      // A run of the same piece now and then.
      text += random() < 0.05 ? piece.repeat(2 + Math.floor(6 * random())) : piece;
    }
    yield text;
  }
}
