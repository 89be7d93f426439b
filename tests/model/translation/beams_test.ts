import { assert, assertEquals } from "@std/assert";
import { type BeamOptions, BeamSearch } from "../../../model/translation/mod.ts";

const [START, END] = [0, 1];

/** Log-probabilities of what follows a token: of END, 2, 3 and 4. */
const TABLE: Record<number, number[]> = {
  0: [0.05, 0.5, 0.35, 0.1],
  2: [0.1, 0.3, 0.3, 0.3],
  3: [0.85, 0.05, 0.05, 0.05],
  4: [0.4, 0.2, 0.2, 0.2],
};

function nextOf(token: number) {
  const ids = [END, 2, 3, 4];
  const values = TABLE[token].map(Math.log);
  const order = ids.map((_, i) => i).sort((a, b) => values[b] - values[a]);
  return { ids: order.map((i) => ids[i]), values: order.map((i) => values[i]) };
}

function search(options: Partial<BeamOptions>) {
  const all = { beams: 4, lengthPenalty: 0, noRepeatNgram: 0, maxTokens: 6, ...options };
  const found = new BeamSearch(all, { startId: START, endId: END });
  let steps = 0;
  while (!found.isDone) {
    found.advance(found.tokens.map(nextOf));
    steps++;
  }
  return { ...found.best, steps };
}

/** The best of all translations of at most `most` tokens, the end among them. */
function bestOfAll(most: number, penalty: number): { tokens: number[]; score: number } {
  let best = { tokens: [] as number[], score: -Infinity };
  const visit = (tokens: number[], sum: number): void => {
    const { ids, values } = nextOf(tokens.at(-1) ?? START);
    ids.forEach((id, i) => {
      const score = (sum + values[i]) / (tokens.length + 1) ** penalty;
      if (id === END && score > best.score) best = { tokens, score };
      if (id !== END && tokens.length + 1 < most) visit([...tokens, id], sum + values[i]);
    });
  };
  visit([], 0);
  return best;
}

Deno.test("BeamSearch: greedy takes the likeliest token, beams find what is likelier as a whole", () => {
  assertEquals(search({ beams: 1 }).tokens.slice(0, 2), [2, 2]);
  for (const lengthPenalty of [0, 0.5, 1, 2]) {
    const { tokens, score } = search({ beams: 5, lengthPenalty });
    const best = bestOfAll(6, lengthPenalty);
    assertEquals(tokens, best.tokens, `penalty ${lengthPenalty}`);
    assert(Math.abs(score - best.score) < 1e-12);
  }
  assertEquals(search({}).tokens, [3]);
});

Deno.test("BeamSearch: it ends once nothing better can come, or at the longest length", () => {
  assert(search({ beams: 2 }).steps < 6);
  const { tokens, steps } = search({ beams: 1, maxTokens: 3 });
  assertEquals([tokens, steps], [[2, 2, 2], 3]);
});

Deno.test("BeamSearch: no run of n tokens comes twice", () => {
  for (const noRepeatNgram of [1, 2, 3]) {
    const { tokens } = search({ beams: 1, noRepeatNgram, maxTokens: 12 });
    const runs = tokens.slice(noRepeatNgram - 1)
      .map((_, i) => tokens.slice(i, i + noRepeatNgram).join());
    assertEquals(new Set(runs).size, runs.length, `${tokens}`);
    assert(tokens.length > noRepeatNgram);
  }
});

Deno.test("BeamSearch: beams tell where they come from", () => {
  const found = new BeamSearch(
    { beams: 2, lengthPenalty: 1, noRepeatNgram: 0, maxTokens: 9 },
    { startId: START, endId: END },
  );
  assertEquals([found.parents, found.tokens], [[0, 0], [START, START]]);
  found.advance(found.tokens.map(nextOf));
  assertEquals([found.parents, found.tokens], [[0, 0], [2, 3]]);
  found.advance([
    { ids: [4, 3, 2, END], values: [-9, -9.1, -9.2, -9.3] },
    { ids: [2, 4, 3, END], values: [-1, -2, -3, -4] },
  ]);
  assertEquals([found.parents, found.tokens], [[1, 1], [2, 4]]);
});
