import { assert, assertEquals } from "@std/assert";
import { LAST_TOKEN } from "../../../kernels/mod.ts";
import type { GenerationRequest } from "../../../model/mod.ts";
import { AnswerText } from "../../../model/generation/answer_text.ts";
import { checkRequest } from "../../../model/generation/check_request.ts";
import { Planner, type PlannerSizes, type Round } from "../../../model/generation/planner.ts";
import { Sequence } from "../../../model/generation/sequence.ts";
import { TINY } from "../tiny.ts";

const SIZES: PlannerSizes = {
  ...{ slots: 4, blocks: 40, rows: 64, context: 128, prefixCache: true },
};

const config = { ...TINY, context: SIZES.context };

function sequence(request: Partial<GenerationRequest> = {}): Sequence {
  const checked = checkRequest({ prompt: [1, 2, 3], maxTokens: 10, ...request }, config);
  const text = new AnswerText(undefined, []);
  return new Sequence(checked, checked.maxTokens, () => {}, Promise.withResolvers(), text);
}

const prompt = (length: number, first = 0) =>
  Array.from({ length }, (_, i) => (first + i) % TINY.vocabularySize);

/** A planner that knows how long steps take: a millisecond, and a tenth for each row. */
function planner(sizes: Partial<PlannerSizes> = {}): Planner {
  const made = new Planner({ ...SIZES, ...sizes });
  for (const size of [1, 2, 4, 8, 16, 24, 32, 48, 64]) {
    for (let i = 0; i < 2; i++) made.times.learn([size], 1 + size / 10);
  }
  return made;
}

const plan = (of: Planner, budget = 0): Round | undefined => of.plan(budget, () => true);

/** Rows of a step by slot, and their positions. */
const rowsOf = (round: Round | undefined, step = 0) => {
  const { rows } = round!.steps[step].step;
  const found: Record<number, number[]> = {};
  for (let i = 0; i < rows.length; i += 4) (found[rows[i]] ??= []).push(rows[i + 1]);
  return found;
};

/** Lets a sequence know the tokens that it waits for. */
function land(sequence: Sequence): void {
  while (sequence.inFlight > 0) sequence.ids.push(5);
}

Deno.test("Planner: reads a prompt, then answers row by row, each after the last", () => {
  const one = planner();
  const first = sequence();
  one.add(first);
  const read = plan(one, 100)!;
  // A round ends where a first token can be told.
  assertEquals([read.steps.length, rowsOf(read)], [1, { 0: [0, 1, 2] }]);
  assertEquals(read.steps[0].step.picks, [2, 0, 2, 0]);
  assertEquals(read.steps[0].read, [first]);
  const answer = plan(one, 100)!;
  assertEquals(answer.steps.map(({ step }) => step.rows[1]), [3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert(answer.steps.every(({ step }) => step.rows[2] === LAST_TOKEN));
  assertEquals(plan(one), undefined);
});

Deno.test("Planner: a round takes as long as it may, in steps that have room", () => {
  const one = planner();
  const first = sequence({ maxTokens: 100 });
  one.add(first);
  plan(one);
  assertEquals(plan(one, 5)!.steps.length, 4);
  assertEquals(one.plan(1000, (steps) => steps.length < 3)!.steps.length, 3);
});

Deno.test("Planner: a round ends with first tokens where they are most of what a step tells", () => {
  const one = planner();
  const steps = [0, 1, 2].map(() => {
    one.add(sequence({ maxTokens: 100 }));
    const round = plan(one, 5)!;
    assertEquals(round.steps[0].read.length, 1);
    return round.steps.length;
  });
  assertEquals(steps, [1, 4, 3]);
});

Deno.test("Planner: long prompts come in chunks, shorter ones beside answers, in the order of their coming", () => {
  const one = planner();
  const [first, second, third] = [
    sequence({ maxTokens: 50 }),
    sequence({ prompt: prompt(100, 7) }),
    sequence({ prompt: prompt(5, 3) }),
  ];
  one.add(first);
  plan(one);
  for (const each of [second, third]) one.add(each);
  // A step of one row takes 1.1 ms; those beside prompts may take twice as long: 8 rows take 1.8.
  assertEquals(rowsOf(plan(one)), { 0: [3], 1: prompt(0).concat([...Array(7).keys()]) });
  assertEquals(second.computed, 7);
  while (second.reading) {
    assertEquals(third.slot, -1);
    plan(one);
  }
  plan(one);
  assert(third.slot >= 0);
});

Deno.test("Planner: where every step takes long, prompts are not read row by row", () => {
  const one = new Planner(SIZES);
  for (let i = 0; i < 2; i++) one.times.learn([1], 500);
  const first = sequence({ prompt: prompt(50), maxTokens: 50 });
  one.add(first);
  plan(one);
  assertEquals(first.computed, 32);
  plan(one);
  one.add(sequence({ prompt: prompt(100, 7) }));
  assertEquals(rowsOf(plan(one))[1].length, 7);
});

Deno.test("Planner: equal beginnings are read once, even in one step, and the last token always", () => {
  const one = planner();
  const requests = [{ prompt: prompt(33) }, { prompt: prompt(33) }, { prompt: prompt(32) }];
  const all = requests.map(sequence);
  for (const each of all) one.add(each);
  const rows = rowsOf(plan(one));
  assertEquals(Object.values(rows).map(({ length }) => length), [33, 1, 16]);
  assertEquals(all.map(({ cachedTokens }) => cachedTokens), [0, 32, 16]);
  assertEquals(all[1].blocks.slice(0, 2), all[0].blocks.slice(0, 2));
  assertEquals(one.counts, { prefixQueries: 98, prefixHits: 48, preemptions: 0 });
  const other = sequence({ prompt: prompt(33), cacheSalt: "x" });
  one.add(other);
  plan(one);
  assertEquals(other.cachedTokens, 0);
});

Deno.test("Planner: blocks of an answer are found again", () => {
  const one = planner();
  const first = sequence({ prompt: prompt(10), maxTokens: 30 });
  one.add(first);
  while (first.wantsMore) {
    plan(one);
    land(first);
    one.nameBlocks(first);
  }
  const ids = first.ids.slice();
  one.remove(first);
  assertEquals([one.pool.used, one.running.length], [0, 0]);
  const next = sequence({ prompt: [...ids, 9] });
  one.add(next);
  plan(one);
  assertEquals(next.cachedTokens, 32);
});

Deno.test("Planner: without a free block the youngest makes room, and reads again what it has said", () => {
  const one = planner({ blocks: 9, prefixCache: false });
  const [old, young] = [60, 40].map((length) =>
    sequence({ prompt: prompt(length), maxTokens: 60 })
  );
  one.add(old);
  one.add(young);
  plan(one);
  plan(one);
  assertEquals([old.slot, young.slot], [0, 1]);
  for (let i = 0; young.slot >= 0; i++) {
    assert(i < 100);
    plan(one);
    if (young.slot >= 0) land(young);
    land(old);
  }
  assertEquals([one.counts.preemptions, one.waiting], [1, [young]]);
  // What was being chosen is waited for; then it is read like a prompt.
  const { length } = young.ids;
  assert(young.inFlight === 1 || young.inFlight === 0);
  land(young);
  one.remove(old);
  const round = plan(one)!;
  assertEquals(rowsOf(round)[young.slot].length, Math.min(young.ids.length, 64));
  assert(young.ids.length >= length);
});

Deno.test("Planner: a constraint is waited for, and nothing else waits for it", () => {
  const one = planner();
  const bound = sequence({ constraint: { mask: () => new Uint32Array(1), accept() {} } });
  const free = sequence();
  one.add(bound);
  one.add(free);
  assertEquals(rowsOf(plan(one)), { 0: [0, 1], 1: [0, 1, 2] });
  assertEquals(rowsOf(plan(one)), { 1: [3] });
  bound.mask = Uint32Array.of(1);
  assertEquals(rowsOf(plan(one)), { 0: [2], 1: [4] });
  assertEquals(rowsOf(plan(one, 3)), { 1: [5] });
  land(bound);
  bound.mask = Uint32Array.of(1);
  const round = plan(one, 3)!;
  assertEquals([rowsOf(round, 0), rowsOf(round, 1)], [{ 0: [3], 1: [7] }, { 1: [8] }]);
});

Deno.test("Planner: more requests than slots wait for their turn", () => {
  const one = planner({ slots: 2 });
  const all = Array.from({ length: 5 }, () => sequence());
  for (const each of all) one.add(each);
  plan(one);
  assertEquals([one.running.length, one.waiting.length], [2, 3]);
  one.remove(all[3]);
  one.remove(all[0]);
  plan(one);
  assertEquals(one.running, [all[1], all[2]]);
  assertEquals(one.waiting, [all[4]]);
});
