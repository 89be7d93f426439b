import type { Example } from "./example.ts";

/** Room for so many values is made at first; doubled when it is full. */
const FIRST_ROOM = 1 << 12;

/** Values one after another in an array that grows. */
class Values<
  A extends Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>,
> {
  length = 0;
  constructor(private array: A) {}

  add(values: ArrayLike<number>): void {
    const wanted = this.length + values.length;
    if (wanted > this.array.length) {
      const Type = this.array.constructor as new (length: number) => A;
      const larger = new Type(Math.max(wanted, 2 * this.array.length));
      larger.set(this.array);
      this.array = larger;
    }
    this.array.set(values, this.length);
    this.length = wanted;
  }

  get(index: number): number {
    return this.array[index];
  }

  slice(start: number, end: number): A {
    return this.array.subarray(start, end) as A;
  }
}

/**
 * Encoded examples in flat arrays: 8 bytes a token and some 40 an example, however many there are;
 * the texts are not kept.
 *
 * @example
 * ```ts
 * import { ExampleSet } from "@quern/quern";
 * const set = new ExampleSet();
 * const place = { path: "a.tsv", line: 1, offset: 0 };
 * set.add({ tokens: Uint32Array.of(5, 6), targets: Int32Array.of(-1, 1), place });
 * console.log(set.length, set.at(0).tokens);
 * ```
 */
export class ExampleSet {
  #tokens = new Values(new Uint32Array(FIRST_ROOM));
  #targets = new Values(new Int32Array(FIRST_ROOM));
  #sources = new Values(new Uint32Array(16));
  #labels = new Values(new Uint32Array(16));
  /** End of each example in the tokens, sources and labels, its weight, line and offset. */
  #ends = new Values(new Float64Array([0]));
  #sourceEnds = new Values(new Float64Array([0]));
  #labelEnds = new Values(new Float64Array([0]));
  #weights = new Values(new Float64Array(16));
  #places = new Values(new Float64Array(16));
  #paths: string[] = [];
  #pathStarts: number[] = [];
  #severalLabels = false;
  #hasSources = false;

  constructor() {
    this.#ends.add([0]);
    this.#sourceEnds.add([0]);
    this.#labelEnds.add([0]);
  }

  /** Number of examples. */
  get length(): number {
    return this.#weights.length;
  }

  /** Tokens of the longest example, or of its source. */
  get longest(): number {
    let most = 0;
    for (let i = 0; i < this.length; i++) most = Math.max(most, this.lengthOf(i));
    return most;
  }

  /** Whether examples have labels in place of targets. */
  get severalLabels(): boolean {
    return this.#severalLabels;
  }

  /** Whether examples have a source beside their tokens. */
  get hasSources(): boolean {
    return this.#hasSources;
  }

  /** Adds an example at the end. */
  add({ tokens, targets, source, weight = 1, labels, place }: Example): void {
    if (this.#paths.at(-1) !== place.path) {
      this.#paths.push(place.path);
      this.#pathStarts.push(this.length);
    }
    this.#tokens.add(tokens);
    this.#targets.add(targets);
    this.#ends.add([this.#tokens.length]);
    this.#sources.add(source ?? []);
    this.#sourceEnds.add([this.#sources.length]);
    this.#labels.add(labels ?? []);
    this.#labelEnds.add([this.#labels.length]);
    this.#weights.add([weight]);
    this.#places.add([place.line, place.offset]);
    if (labels !== undefined) this.#severalLabels = true;
    if (source !== undefined) this.#hasSources = true;
  }

  /** Number of tokens of an example, or of its source where that has more. */
  lengthOf(index: number): number {
    const length = (ends: Values<Float64Array<ArrayBuffer>>) =>
      ends.get(index + 1) - ends.get(index);
    return Math.max(length(this.#ends), length(this.#sourceEnds));
  }

  /** An example; its arrays are views. */
  at(index: number): Example {
    const [start, end] = [this.#ends.get(index), this.#ends.get(index + 1)];
    const file = this.#pathStarts.findLastIndex((first) => first <= index);
    return {
      tokens: this.#tokens.slice(start, end),
      targets: this.#targets.slice(start, end),
      weight: this.#weights.get(index),
      ...(this.#hasSources && {
        source: this.#sources.slice(this.#sourceEnds.get(index), this.#sourceEnds.get(index + 1)),
      }),
      ...(this.#severalLabels && {
        labels: [...this.#labels.slice(this.#labelEnds.get(index), this.#labelEnds.get(index + 1))],
      }),
      place: {
        path: this.#paths[file],
        line: this.#places.get(2 * index),
        offset: this.#places.get(2 * index + 1),
      },
    };
  }
}

/** All examples of a stream. */
export async function collectExamples(examples: ReadableStream<Example>): Promise<ExampleSet> {
  const set = new ExampleSet();
  for await (const example of examples) set.add(example);
  return set;
}
