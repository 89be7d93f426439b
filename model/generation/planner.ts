import { BLOCK_TOKENS, LAST_TOKEN } from "../../kernels/mod.ts";
import { BlockPool } from "./block_pool.ts";
import { bucketOf } from "./buckets.ts";
import { hasPenalties } from "./sampling.ts";
import type { Sequence } from "./sequence.ts";
import type { Step } from "./step.ts";
import { StepTimes } from "./step_times.ts";

/** Sizes of a {@linkcode Planner}. */
export interface PlannerSizes {
  /** Sequences that run at once. */
  slots: number;
  /** Blocks of the cache, the scrap block among them. */
  blocks: number;
  /** Most rows of a step. */
  rows: number;
  /** Most tokens of a sequence. */
  context: number;
  /** Whether blocks are shared between sequences with the same tokens. */
  prefixCache: boolean;
}

/** A step and whose its results are. */
export interface PlannedStep {
  step: Step;
  /** Rows that it is padded to. */
  size: number;
  /** The sequence of each pick. */
  picks: Sequence[];
  /** Of the prompt's picks, in order: whose they are, from which position on, and how many. */
  prompts: { sequence: Sequence; position: number; count: number }[];
  /** Sequences whose prompt is read with this step. */
  read: Sequence[];
  /** The sequence of each pooled sum. */
  pooled: Sequence[];
}

/** Steps to be submitted together. */
export interface Round {
  steps: PlannedStep[];
  /** Sequences that got a slot, which some may have lost again to a later step. */
  admitted: { sequence: Sequence; slot: number }[];
}

/** A step that reads prompts alone may take so many milliseconds: as long as a cancel waits. */
const READING_MS = 200;

/** A step that reads prompts beside others may take so many times as long as without. */
const SLOWDOWN = 2;

/** Rows of prompts in a step while nothing is known of the time it takes. */
const FIRST_ROWS = 16;

/** Rows of prompts that a step has room for however long it takes: one row costs nearly as much. */
const LEAST_ROWS = { alone: 32, besideAnswers: 4 };

/**
 * Decides which rows the next steps have: a row for each sequence that answers, and as much of the waiting
 * prompts as keeps the others flowing. First come, first read; without a free block the youngest sequence
 * makes room and later reads again what it has said.
 */
export class Planner {
  readonly pool: BlockPool;
  readonly times: StepTimes = new StepTimes();
  /** The blocks of each slot, in order, as the GPU reads them; [slots + 1, ⌈context / 16⌉]. */
  readonly tables: Uint32Array<ArrayBuffer>;
  readonly waiting: Sequence[] = [];
  /** Sequences with a slot, in the order of their admission. */
  readonly running: Sequence[] = [];
  /** Counters since the beginning. */
  readonly counts = { prefixQueries: 0, prefixHits: 0, preemptions: 0 };
  #slots: number[];
  /** Slots given up while a round is planned: the steps planned before still use them. */
  #retired: number[] = [];
  #width: number;

  /** Begins without sequences. */
  constructor(readonly sizes: PlannerSizes) {
    this.pool = new BlockPool(sizes.blocks);
    this.#width = Math.ceil(sizes.context / BLOCK_TOKENS);
    this.tables = new Uint32Array((sizes.slots + 1) * this.#width);
    this.#slots = Array.from({ length: sizes.slots }, (_, i) => sizes.slots - 1 - i);
  }

  /** Lets a sequence wait behind all others. */
  add(sequence: Sequence): void {
    this.waiting.push(sequence);
  }

  /** Takes a sequence out: it is over. */
  remove(sequence: Sequence): void {
    const waits = this.waiting.indexOf(sequence);
    if (waits >= 0) this.waiting.splice(waits, 1);
    else this.#withdraw(sequence);
  }

  /**
   * The next steps; nothing where all wait for results.
   *
   * @param budgetMs time that steps may take together
   * @param hasRoom whether a step more can be submitted with those there are
   */
  plan(budgetMs: number, hasRoom: (steps: readonly Step[]) => boolean): Round | undefined {
    const round: Round = { steps: [], admitted: [] };
    let spent = 0;
    for (;;) {
      const planned = this.#step(round);
      if (!planned) break;
      round.steps.push(planned);
      const ms = this.times.of(planned.size);
      spent += ms;
      // First tokens are told at once where they are most of what the step tells.
      if (2 * planned.read.length > planned.picks.length) break;
      if (ms === 0 || spent + ms > budgetMs) break;
      if (!hasRoom(round.steps.map(({ step }) => step))) break;
    }
    this.#slots.push(...this.#retired.splice(0));
    return round.steps.length > 0 ? round : undefined;
  }

  /** Makes blocks known whose tokens are known and whose keys and values steps so far have computed. */
  nameBlocks(sequence: Sequence): void {
    if (!this.sizes.prefixCache || sequence.slot < 0) return;
    const full = Math.floor(Math.min(sequence.computed, sequence.ids.length) / BLOCK_TOKENS);
    for (; sequence.named < full; sequence.named++) {
      const [block, start] = [sequence.blocks[sequence.named], sequence.named * BLOCK_TOKENS];
      sequence.prefix = this.pool.name(block, sequence.prefix, sequence.ids, start);
    }
  }

  #step(round: Round): PlannedStep | undefined {
    const planned: PlannedStep = {
      step: {
        ...{ rows: [], picks: [], adjusts: false, scores: false },
        ...{ prompt: { picks: [], tokens: [] }, pools: [], pooled: [] },
      },
      ...{ size: 0, picks: [], prompts: [], read: [], pooled: [] },
    };
    for (const sequence of [...this.running]) {
      if (sequence.slot >= 0 && this.#mayAnswer(sequence)) this.#answer(sequence, planned);
    }
    let room = this.#promptRows(planned.step.rows.length / 4);
    for (let i = 0; room > 0; i++) {
      const sequence = this.running[i] ?? this.#admit(round);
      if (!sequence) break;
      if (sequence.reading) room -= this.#read(sequence, planned, room);
    }
    const rows = planned.step.rows.length / 4;
    planned.size = Math.min(bucketOf(rows), this.sizes.rows);
    return rows > 0 ? planned : undefined;
  }

  #mayAnswer(sequence: Sequence): boolean {
    if (sequence.reading || !sequence.wantsMore) return false;
    return !sequence.request.constraint ||
      (sequence.inFlight === 0 && sequence.mask !== undefined);
  }

  /** Adds the row that chooses a sequence's next token by its last one. */
  #answer(sequence: Sequence, planned: PlannedStep): void {
    const position = sequence.request.prompt.length + sequence.planned - 1;
    while (position >= sequence.blocks.length * BLOCK_TOKENS) {
      const block = this.pool.take();
      if (block !== undefined) this.#append(sequence, block);
      else if (this.#preemptYoungest() === sequence) return;
    }
    this.#row(sequence, position, LAST_TOKEN, planned);
    sequence.computed = position + 1;
    this.#pick(sequence, position, planned);
  }

  /** Adds rows of a sequence's prompt, at most `room`; returns how many. */
  #read(sequence: Sequence, planned: PlannedStep, room: number): number {
    const { request, ids, toRead } = sequence;
    const begin = sequence.computed;
    let end = Math.min(begin + room, toRead);
    // The last row chooses a token, for which a constraint must have spoken.
    const chooses = sequence.wantsMore && !request.pools;
    if (end === toRead && chooses && request.constraint && !sequence.mask) end--;
    for (let p = begin; p < end; p++) this.#row(sequence, p, ids[p], planned);
    const count = end - begin;
    if (count === 0) return 0;
    sequence.computed = end;
    this.nameBlocks(sequence);
    if (request.pools) planned.step.pools.push(sequence.slot);
    this.#score(sequence, begin, end, planned);
    if (end < toRead) return count;
    planned.read.push(sequence);
    if (request.pools) {
      planned.step.pooled.push(sequence.slot);
      planned.pooled.push(sequence);
    } else if (chooses) this.#pick(sequence, end - 1, planned);
    return count;
  }

  /** Asks for the log-probabilities of the prompt's tokens behind positions `begin` … `end`. */
  #score(sequence: Sequence, begin: number, end: number, { step, prompts }: PlannedStep): void {
    const { prompt, promptLogprobs } = sequence.request;
    if (promptLogprobs === undefined || sequence.promptTold) return;
    const count = Math.min(end, prompt.length - 1) - begin;
    if (count <= 0) return;
    const row = step.rows.length / 4 - (end - begin);
    for (let i = 0; i < count; i++) {
      step.prompt.picks.push(row + i, sequence.slot, begin + i, 1 + promptLogprobs);
      step.prompt.tokens.push(prompt[begin + i + 1]);
    }
    prompts.push({ sequence, position: begin + 1, count });
  }

  #row(sequence: Sequence, position: number, token: number, { step }: PlannedStep): void {
    const block = sequence.blocks[Math.floor(position / BLOCK_TOKENS)];
    const cell = block * BLOCK_TOKENS + position % BLOCK_TOKENS;
    step.rows.push(sequence.slot, position, token, cell);
  }

  /** Chooses a token behind the row that was added last. */
  #pick(sequence: Sequence, position: number, { step, picks }: PlannedStep): void {
    const { logprobs, sampling, constraint } = sequence.request;
    const row = step.rows.length / 4 - 1;
    step.picks.push(row, sequence.slot, position, logprobs === undefined ? 0 : 1 + logprobs);
    step.scores ||= logprobs !== undefined;
    step.adjusts ||= adjusts(sampling) || constraint !== undefined;
    picks.push(sequence);
    sequence.planned++;
  }

  /** Rows of prompts that a step of `answering` rows may have. */
  #promptRows(answering: number): number {
    const { sizes: { rows }, times } = this;
    if (times.of(1) === 0) return Math.min(rows - answering, FIRST_ROWS);
    const alone = answering === 0;
    const limit = alone ? READING_MS : SLOWDOWN * times.of(bucketOf(answering));
    let size = bucketOf(answering + (alone ? LEAST_ROWS.alone : LEAST_ROWS.besideAnswers));
    while (size < rows && times.of(bucketOf(size + 1)) <= limit) size = bucketOf(size + 1);
    return Math.min(rows, size) - answering;
  }

  /** Gives the first of those that wait a slot, and blocks for all that it has to read. */
  #admit(round: Round): Sequence | undefined {
    const sequence = this.waiting[0];
    const slot = this.#slots.at(-1);
    if (!sequence || slot === undefined || sequence.inFlight > 0) return undefined;
    const { ids, request } = sequence;
    // The last token is always read: its row chooses the next one.
    const reads = this.sizes.prefixCache && !request.pools &&
      (request.promptLogprobs === undefined || sequence.promptTold);
    const { blocks, prefix } = this.pool.find(request.cacheSalt, ids, reads ? ids.length - 1 : 0);
    const needed = Math.ceil(ids.length / BLOCK_TOKENS) - blocks.length;
    if (this.pool.available < needed + this.running.length) {
      this.pool.release(blocks);
      return undefined;
    }
    this.waiting.shift();
    this.#slots.pop();
    this.running.push(sequence);
    round.admitted.push({ sequence, slot });
    sequence.slot = slot;
    sequence.toRead = ids.length;
    sequence.computed = blocks.length * BLOCK_TOKENS;
    sequence.named = blocks.length;
    sequence.prefix = prefix;
    for (const block of blocks) this.#append(sequence, block);
    for (let i = 0; i < needed; i++) this.#append(sequence, this.pool.take()!);
    if (!sequence.promptTold) {
      sequence.cachedTokens = sequence.computed;
      if (reads) this.counts.prefixQueries += ids.length;
      this.counts.prefixHits += sequence.computed;
    }
    return sequence;
  }

  #append(sequence: Sequence, block: number): void {
    this.tables[sequence.slot * this.#width + sequence.blocks.length] = block;
    sequence.blocks.push(block);
  }

  #preemptYoungest(): Sequence {
    const sequence = this.running[this.running.length - 1];
    this.#retired.push(sequence.slot);
    this.#giveUp(sequence);
    this.waiting.unshift(sequence);
    this.counts.preemptions++;
    return sequence;
  }

  #withdraw(sequence: Sequence): void {
    if (sequence.slot < 0) return;
    this.#slots.push(sequence.slot);
    this.#giveUp(sequence);
  }

  #giveUp(sequence: Sequence): void {
    this.running.splice(this.running.indexOf(sequence), 1);
    this.pool.release(sequence.blocks);
    sequence.blocks = [];
    sequence.slot = -1;
    sequence.computed = 0;
    sequence.named = 0;
    sequence.prefix = sequence.request.cacheSalt;
  }
}

function adjusts(sampling: Sequence["request"]["sampling"]): boolean {
  return hasPenalties(sampling) || sampling.logitBias.size > 0;
}
