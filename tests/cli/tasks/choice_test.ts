import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { scoreChoices } from "../../../cli/tasks/choice.ts";
import { batches, byteTokenizer, type MultipleChoice } from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { Gpt, type ScoredQuestion, Trainer } from "../../../model/mod.ts";
import { logitsOf } from "../../model/logits.ts";
import { inFolder, quern } from "../quern.ts";

const CONTEXT = 32;
const V = 256;
const SHAPE = { layers: 1, heads: 2, channels: 32, context: CONTEXT, vocabularySize: V };

const TEXT = "the cat drinks milk. the dog eats bones. the miller grinds corn. ".repeat(20);

/** Questions as HellaSwag's files have them; one ending and the last context are too long. */
const LINES = [
  { ctx: "the cat", endings: ["drinks milk.", "grinds corn and then some more corn."], label: 0 },
  { ctx: "the dog", endings: ["corn.", "eats bones.", "é", "grinds."], label: 1 },
  { ctx: "the miller", endings: ["eats", "drinks milk. the dog eats bones."], label: 0 },
  { ctx: TEXT.slice(0, 100), endings: ["the cat drinks milk.", "milk"], label: "1" },
];

/** A model that has read some of the text, saved to a folder. */
async function trained(device: Device, folder: string): Promise<Gpt> {
  const config = { ...SHAPE, dropout: 0, bias: true, tie: true };
  const model = Gpt.create(device, config, { seed: 1 });
  const rows = { batchSize: 4, context: CONTEXT, order: "shuffled", seed: 1 } as const;
  using trainer = await Trainer.create(model, {
    ...{ batchSize: 4, iterations: 60, learningRate: 1e-2, warmupIterations: 5 },
  });
  const tokens = byteTokenizer().encode(TEXT);
  for await (const event of trainer.train({ batches: batches(tokens, rows) })) {
    if (event.type === "step" && event.iteration === 60) assert(event.loss < 2, `${event.loss}`);
  }
  model.tokenizer = byteTokenizer().toJson();
  await model.save(folder);
  return model;
}

/** Σ log p(token | those before) of an ending, by the logits of one row and a softmax in float64. */
async function logLikelihood(model: Gpt, context: string, ending: string): Promise<number> {
  const bytes = (text: string) => [...new TextEncoder().encode(text)];
  const after = bytes(` ${ending}`);
  const ids = [...bytes(context), ...after].slice(-(CONTEXT + 1));
  const tokens = Uint32Array.from({ length: CONTEXT }, (_, t) => t < ids.length - 1 ? ids[t] : 0);
  const targets = new Int32Array(CONTEXT).fill(-1);
  const logits = await logitsOf(model, { index: 0, B: 1, T: CONTEXT, tokens, targets });
  let sum = 0;
  // Of an ending that is longer than the context what is left of it counts.
  for (let t = Math.max(0, ids.length - 1 - after.length); t < ids.length - 1; t++) {
    const row = logits.subarray(t * V, (t + 1) * V);
    const top = Math.max(...row);
    const total = row.reduce((sum, x) => sum + Math.exp(x - top), 0);
    sum += row[ids[t + 1]] - top - Math.log(total);
  }
  return sum;
}

/** Share of questions whose right ending has the most of something. */
function shareOf(scored: ScoredQuestion[], merit: (logp: number, length: number) => number) {
  const right = scored.filter(({ choices, answer }) => {
    const merits = choices.map((each) => merit(each.logLikelihood, each.characters));
    return merits.indexOf(Math.max(...merits)) === answer;
  });
  return right.length / scored.length;
}

Deno.test("scoreChoices: likelihoods and lengths are those of a plain pass; eval tells the shares", () =>
  inFolder(async (cwd) => {
    using device = await Device.open();
    using model = await trained(device, `${cwd}/model`);
    const questions = LINES.map(({ ctx, endings, label }, i): MultipleChoice => ({
      ...{ context: ctx, choices: endings.map((ending) => ` ${ending}`), answer: Number(label) },
      place: { path: "val.jsonl", line: i + 1, offset: 0 },
    }));
    const tokenizer = byteTokenizer();
    const scored = await scoreChoices(model, questions, { tokenizer, batchSize: 3 });
    for (const [i, { ctx, endings }] of LINES.entries()) {
      for (const [k, ending] of endings.entries()) {
        const { logLikelihood: found, characters } = scored[i].choices[k];
        assertAlmostEquals(found, await logLikelihood(model, ctx.trim(), ending), 1e-3);
        assertEquals(characters, [...ending].length);
      }
    }
    const lines = LINES.map((line) => JSON.stringify(line)).join("\n");
    await Deno.writeTextFile(`${cwd}/val.jsonl`, lines);
    const { code, stdout, stderr } = await quern(
      ["eval", "--task", "choice", "--from", "model", "--data", "val.jsonl", "--json"],
      { cwd },
    );
    assertEquals(code, 0, stderr);
    const { accuracy, accuracyNormalized, questions: count } = JSON.parse(stdout);
    assertEquals(count, LINES.length);
    assertEquals(accuracy, shareOf(scored, (logp) => logp));
    assertEquals(accuracyNormalized, shareOf(scored, (logp, length) => logp / length));
    assert(accuracy !== accuracyNormalized, "the length decides one of them");
  }));
