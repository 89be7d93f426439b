import type { Document } from "../document.ts";
import type { Drop, Step } from "../stage.ts";
import { splitWords, SYMBOLS } from "../words.ts";

/** Options of `decontaminator`. */
export interface DecontaminationOptions {
  /** What the model will be judged by: the texts of each set's items. */
  sets: { name: string; texts: string[] }[];
  /** Words in an n-gram, 8 to 13; items of fewer words cannot be found. @default 13 */
  n?: number;
  /** Drop the document, cut out what is found, or leave it and only count. @default "drop" */
  mode?: "drop" | "cut" | "report";
  /** Characters cut on each side of a find. @default 200 */
  marginChars?: number;
  /** Pieces shorter than this are not kept after cutting, in characters. @default 200 */
  minPieceChars?: number;
  /** A document that falls into more pieces is dropped. @default 10 */
  maxPieces?: number;
}

/** What was found of one evaluation set. */
export interface SetHits {
  /** Name of the set. */
  name: string;
  /** Number of items. */
  items: number;
  /** Number of items of fewer than n words. */
  tooShort: number;
  /** Documents with at least one n-gram of the set. */
  documents: number;
  /** Places in documents where an n-gram of the set begins. */
  ngrams: number;
  /** Indices of the items that were found in some document, ascending. */
  hitItems: number[];
}

/** A step that looks for evaluation texts and counts what it finds. */
export interface Decontaminator extends Step {
  /** The counts so far, by set. */
  hits(): SetHits[];
}

/**
 * Finds n-grams of evaluation texts in documents. Words are those of `splitWords` in lower case
 * without symbols; one n-gram in common is a find. Cutting is that of GPT-3 (Brown et al.,
 * "Language Models are Few-Shot Learners", 2020, appendix C): 200 characters on each side go too,
 * and what falls into more than 10 pieces is dropped.
 *
 * @throws {RangeError} where n is not 8 to 13
 * @example
 * ```ts
 * import { decontaminator } from "@quern/quern";
 * const question = "Which of these eight words will be found in a document?";
 * const step = decontaminator({ sets: [{ name: "quiz", texts: [question] }], n: 8 });
 * const document = { id: "1", text: `Leaked: ${question}`, source: "example", metadata: {} };
 * console.log(step.apply(document)); // { drop: "contains quiz" }
 * console.log(step.hits()[0].hitItems); // [0]
 * ```
 */
export function decontaminator(options: DecontaminationOptions): Decontaminator {
  const { sets, n = 13, mode = "drop", marginChars = 200, minPieceChars = 200, maxPieces = 10 } =
    options;
  if (!Number.isInteger(n) || n < 8 || n > 13) {
    throw new RangeError(`Cannot look for n-grams: wanted 8 to 13 words as n, got ${n}`);
  }
  const index = new NgramIndex(sets.map(({ texts }) => texts), n);
  const counts = sets.map(() => ({ documents: 0, ngrams: 0, hitItems: new Set<number>() }));
  return {
    name: "decontamination",
    apply(document) {
      const { finds, seen } = index.find(document.text);
      if (finds.length === 0) return document;
      for (const [set, { ngrams, items }] of seen) {
        counts[set].documents++;
        counts[set].ngrams += ngrams;
        for (const item of items) counts[set].hitItems.add(item);
      }
      if (mode === "report") return document;
      const drop = { drop: `contains ${sets[Math.min(...seen.keys())].name}` };
      if (mode === "drop") return drop;
      const pieces = cut(document.text, finds, marginChars);
      const kept = pieces.filter((piece) => piece.length >= minPieceChars);
      const gone = kept.length === 0 || pieces.length > maxPieces;
      return gone ? drop satisfies Drop : { ...document, text: kept.join("\n\n") } as Document;
    },
    hits: () =>
      sets.map(({ name, texts }, i) => ({
        name,
        items: texts.length,
        tooShort: index.tooShort[i],
        documents: counts[i].documents,
        ngrams: counts[i].ngrams,
        hitItems: [...counts[i].hitItems].sort((a, b) => a - b),
      })),
  };
}

/** The counts of several workers, which had the same options, in one. */
export function addHits(a: readonly SetHits[], b: readonly SetHits[]): SetHits[] {
  return a.map((hits, i) => ({
    ...hits,
    documents: hits.documents + b[i].documents,
    ngrams: hits.ngrams + b[i].ngrams,
    hitItems: [...new Set([...hits.hitItems, ...b[i].hitItems])].sort((x, y) => x - y),
  }));
}

/** The text around the finds: pieces that begin and end at white space. */
function cut(text: string, finds: readonly Find[], margin: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const { start, end } of finds) {
    if (start - margin > from) {
      const piece = text.slice(from, start - margin);
      pieces.push(piece.slice(0, piece.search(/\S*$/)).trim());
    }
    const rest = text.slice(end + margin);
    from = Math.max(from, text.length - rest.length + Math.max(0, rest.search(/\s|$/)));
  }
  pieces.push(text.slice(from).trim());
  return pieces.filter((piece) => piece !== "");
}

/** Where in a text an n-gram stands, in UTF-16 units. */
interface Find {
  start: number;
  end: number;
}

/** What was found of one set in one text. */
interface Seen {
  ngrams: number;
  items: Set<number>;
}

/** The n-grams of the items of several sets. */
class NgramIndex {
  /** Items of fewer than n words, by set. */
  readonly tooShort: number[];
  /** Words that occur in items; a document's other words end every n-gram. */
  readonly #words = new Map<string, number>();
  readonly #ngrams = new Map<string, [set: number, item: number][]>();

  constructor(sets: readonly string[][], readonly n: number) {
    this.tooShort = sets.map(() => 0);
    for (const [set, texts] of sets.entries()) {
      for (const [item, text] of texts.entries()) {
        const ids = Array.from(wordsOf(text), ({ word }) => this.#id(word));
        if (ids.length < n) this.tooShort[set]++;
        for (let i = 0; i + n <= ids.length; i++) {
          const key = keyOf(ids, i, n);
          const items = this.#ngrams.get(key) ?? [];
          if (items.length === 0) this.#ngrams.set(key, items);
          if (!items.some(([s, t]) => s === set && t === item)) items.push([set, item]);
        }
      }
    }
  }

  find(text: string): { finds: Find[]; seen: Map<number, Seen> } {
    const finds: Find[] = [];
    const seen = new Map<number, Seen>();
    if (this.#ngrams.size === 0) return { finds, seen };
    const ids: number[] = [];
    let starts: number[] = [];
    for (const { word, start, end } of wordsOf(text)) {
      const id = this.#words.get(word);
      if (id === undefined) {
        ids.length = 0;
        starts = [];
        continue;
      }
      ids.push(id);
      starts.push(start);
      const first = ids.length - this.n;
      const items = first < 0 ? undefined : this.#ngrams.get(keyOf(ids, first, this.n));
      if (items === undefined) continue;
      finds.push({ start: starts[first], end });
      for (const set of new Set(items.map(([set]) => set))) {
        const entry: Seen = seen.get(set) ?? { ngrams: 0, items: new Set() };
        entry.ngrams++;
        seen.set(set, entry);
      }
      for (const [set, item] of items) seen.get(set)!.items.add(item);
    }
    return { finds, seen };
  }

  #id(word: string): number {
    const id = this.#words.get(word) ?? this.#words.size;
    this.#words.set(word, id);
    return id;
  }
}

/** Numbers of words as a string of two characters each: a key that no other n-gram has. */
function keyOf(ids: readonly number[], start: number, n: number): string {
  let key = "";
  for (let i = start; i < start + n; i++) {
    key += String.fromCharCode(ids[i] & 0xffff, ids[i] >>> 16);
  }
  return key;
}

function* wordsOf(text: string): Generator<{ word: string; start: number; end: number }> {
  const { count, starts, ends, kinds } = splitWords(text);
  for (let i = 0; i < count; i++) {
    if (kinds[i] === SYMBOLS) continue;
    yield { word: text.slice(starts[i], ends[i]).toLowerCase(), start: starts[i], end: ends[i] };
  }
}
