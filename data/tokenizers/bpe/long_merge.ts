import { type MergeTable, NO_MERGE } from "./merge_table.ts";

/** No neighbour, or no place. */
const NONE = -1;
/** Symbols beyond which the room for them is not kept. */
const MAX_KEPT = 1 << 16;

/** Share of the pairs that must have the lowest rank for merging them in a pass over all symbols. */
const COMMON = 1 / 8;

/**
 * Merges long pieces: n·log n for n symbols, 20 bytes each.
 *
 * As long as pairs of the lowest rank are common they are merged in passes over all symbols, as in a
 * run of one letter. Then pairs wait in one list per rank, the ranks in a heap. A list is merged from
 * left to right, unless a merge makes a pair of lower rank, which then goes first.
 */
export class LongMerger {
  readonly #table: MergeTable;
  /** For each symbol its neighbours, then its pair's rank and neighbours in the list of the rank. */
  #next = new Int32Array(0);
  #before = new Int32Array(0);
  #rank = new Int32Array(0);
  #nextInList = new Int32Array(0);
  #beforeInList = new Int32Array(0);
  /** The ends of each rank's list, and whether it isn't in order from left to right. */
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #unordered: Uint8Array;
  /** Ranks that have a list, and some that had one. */
  readonly #heap: number[] = [];

  constructor(table: MergeTable) {
    this.#table = table;
    this.#first = new Int32Array(table.rankCount).fill(NONE);
    this.#last = new Int32Array(table.rankCount).fill(NONE);
    this.#unordered = new Uint8Array(table.rankCount);
  }

  /**
   * Merges symbols.
   *
   * @param ids the symbols; the tokens are written over them
   * @returns the number of tokens
   */
  merge(ids: Uint32Array, length: number): number {
    for (let goesOn = true; goesOn;) {
      const { rank, count } = this.#lowestOfAll(ids, length);
      if (rank === NO_MERGE) return length;
      if (count < COMMON * length) break;
      ({ length, goesOn } = this.#pass(ids, length, rank));
    }
    return this.#mergeLists(ids, length);
  }

  /** The lowest rank of all pairs, and how many have it. */
  #lowestOfAll(ids: Uint32Array, length: number): { rank: number; count: number } {
    let [rank, lowest, count, left, right] = [NO_MERGE, NO_MERGE, 0, NONE, NONE];
    for (let i = 0; i + 1 < length; i++) {
      if (ids[i] !== left || ids[i + 1] !== right) {
        [left, right] = [ids[i], ids[i + 1]];
        rank = this.#table.rank(left, right);
      }
      if (rank < lowest) [lowest, count] = [rank, 1];
      else if (rank === lowest) count++;
    }
    return { rank: lowest, count };
  }

  /** Merges the pairs of a rank from left to right, up to one that makes a pair of lower rank. */
  #pass(ids: Uint32Array, length: number, rank: number): { length: number; goesOn: boolean } {
    const table = this.#table;
    // A pair is often that of the step before, whose rank is known: of two symbols, of one with the
    // token made before it, of a token made with the symbol behind it.
    let [left, right, here, merged] = [NONE, NONE, NO_MERGE, NONE];
    let [beforeLeft, beforeRight, before] = [NONE, NONE, NO_MERGE];
    let [behindLeft, behindRight, behind] = [NONE, NONE, NO_MERGE];
    let [i, count, goesOn] = [0, 0, true];
    while (i + 1 < length && goesOn) {
      const symbol = ids[i];
      if (symbol !== left || ids[i + 1] !== right) {
        [left, right] = [symbol, ids[i + 1]];
        here = table.rank(left, right);
        if (here === rank) merged = table.tokenOf(left, right);
      }
      if (here !== rank) {
        ids[count++] = symbol;
        i++;
        continue;
      }
      i += 2;
      if (count > 0) {
        if (ids[count - 1] !== beforeLeft || merged !== beforeRight) {
          [beforeLeft, beforeRight] = [ids[count - 1], merged];
          before = table.rank(beforeLeft, beforeRight);
        }
        goesOn = before >= rank;
      }
      if (i < length) {
        if (merged !== behindLeft || ids[i] !== behindRight) {
          [behindLeft, behindRight] = [merged, ids[i]];
          behind = table.rank(behindLeft, behindRight);
        }
        goesOn &&= behind >= rank;
      }
      ids[count++] = merged;
    }
    while (i < length) ids[count++] = ids[i++];
    return { length: count, goesOn };
  }

  #mergeLists(ids: Uint32Array, length: number): number {
    if (length > this.#next.length) this.#allot(length);
    const [next, before] = [this.#next, this.#before];
    for (let i = 0; i < length; i++) {
      next[i] = i + 1 < length ? i + 1 : NONE;
      before[i] = i - 1;
    }
    this.#rank.fill(NO_MERGE, 0, length);
    for (let i = 0; i + 1 < length; i++) this.#look(ids, i);
    for (let rank = this.#lowest(); rank !== NO_MERGE; rank = this.#lowest()) {
      if (this.#unordered[rank] === 1) this.#order(rank);
      this.#mergeList(ids, rank);
    }
    let count = 0;
    for (let i = length > 0 ? 0 : NONE; i !== NONE; i = next[i]) ids[count++] = ids[i];
    if (length > MAX_KEPT) this.#allot(0);
    return count;
  }

  #allot(length: number): void {
    this.#next = new Int32Array(length);
    this.#before = new Int32Array(length);
    this.#rank = new Int32Array(length);
    this.#nextInList = new Int32Array(length);
    this.#beforeInList = new Int32Array(length);
  }

  #mergeList(ids: Uint32Array, rank: number): void {
    const [next, before] = [this.#next, this.#before];
    for (let i = this.#first[rank]; i !== NONE; i = this.#first[rank]) {
      const right = next[i];
      ids[i] = this.#table.tokenOf(ids[i], ids[right]);
      this.#move(right, NO_MERGE);
      const after = next[i] = next[right];
      if (after !== NONE) before[after] = i;
      const lowest = before[i] === NONE ? NO_MERGE : this.#look(ids, before[i]);
      if (Math.min(lowest, this.#look(ids, i)) < rank) return;
    }
  }

  /** Puts the pair that begins at a place into its list, and returns its rank. */
  #look(ids: Uint32Array, place: number): number {
    const right = this.#next[place];
    const rank = right === NONE ? NO_MERGE : this.#table.rank(ids[place], ids[right]);
    this.#move(place, rank);
    return rank;
  }

  /** Puts a place into the list of a rank, out of the one where it was. */
  #move(place: number, rank: number): void {
    const old = this.#rank[place];
    if (old === rank) return;
    if (old !== NO_MERGE) this.#remove(place, old);
    this.#rank[place] = rank;
    if (rank === NO_MERGE) return;
    const last = this.#last[rank];
    this.#nextInList[place] = NONE;
    this.#beforeInList[place] = last;
    if (last === NONE) {
      this.#first[rank] = place;
      pushHeap(this.#heap, rank);
    } else {
      this.#nextInList[last] = place;
      if (last > place) this.#unordered[rank] = 1;
    }
    this.#last[rank] = place;
  }

  #remove(place: number, rank: number): void {
    const [before, next] = [this.#beforeInList[place], this.#nextInList[place]];
    if (before === NONE) this.#first[rank] = next;
    else this.#nextInList[before] = next;
    if (next === NONE) this.#last[rank] = before;
    else this.#beforeInList[next] = before;
  }

  /** Puts the list of a rank in order from left to right. */
  #order(rank: number): void {
    const found: number[] = [];
    for (let i = this.#first[rank]; i !== NONE; i = this.#nextInList[i]) found.push(i);
    const places = Int32Array.from(found).sort();
    places.forEach((place, i) => {
      this.#beforeInList[place] = i === 0 ? NONE : places[i - 1];
      this.#nextInList[place] = i + 1 === places.length ? NONE : places[i + 1];
    });
    this.#first[rank] = places[0];
    this.#last[rank] = places[places.length - 1];
    this.#unordered[rank] = 0;
  }

  /** The lowest rank that has a list, or `NO_MERGE`. */
  #lowest(): number {
    const heap = this.#heap;
    while (heap.length > 0 && this.#first[heap[0]] === NONE) {
      this.#unordered[heap[0]] = 0;
      popHeap(heap);
    }
    return heap[0] ?? NO_MERGE;
  }
}

/** Adds a rank that the heap may hold already. */
function pushHeap(heap: number[], rank: number): void {
  let i = heap.length;
  heap.push(rank);
  for (let parent = (i - 1) >> 1; i > 0 && heap[parent] > rank; parent = (i - 1) >> 1) {
    heap[i] = heap[parent];
    i = parent;
  }
  heap[i] = rank;
}

function popHeap(heap: number[]): void {
  const rank = heap.pop()!;
  if (heap.length === 0) return;
  let i = 0;
  for (let child = 1; child < heap.length; child = 2 * i + 1) {
    if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= rank) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = rank;
}
