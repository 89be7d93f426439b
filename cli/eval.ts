/** `quern eval`: measures a model's loss on text. */
import { join } from "@std/path";
import {
  type Batch,
  evaluationBatches,
  type RawSource,
  readRawTokens,
  readTokenizer,
  shardEvaluationBatches,
  type Tokenizer,
} from "../data/mod.ts";
import { Evaluator, Gpt } from "../model/mod.ts";
import { openModelFolder } from "./checkpoint_options.ts";
import { type DataSource, findSources, sharedTokenizer } from "./data_sources.ts";
import { openDevice } from "./kernel_choices.ts";
import { EVAL_OPTIONS } from "./eval_options.ts";
import { evaluateOnTask } from "./eval_task.ts";
import { parseOptions } from "./options.ts";
import { findRaw } from "./raw_text.ts";
import { isScoring, score } from "./score.ts";
import { UsageError } from "./usage_error.ts";

export { EVAL_OPTIONS };

/** Runs `quern eval`. */
export async function evaluate(args: string[]): Promise<number> {
  const options = parseOptions(EVAL_OPTIONS, args);
  if (isScoring(options)) return await score(options);
  if (options.data.length === 0) {
    throw new UsageError("eval needs a text: name one with --data FILE.");
  }
  if (options.task !== undefined) return await evaluateOnTask(options.task, options);
  const folder = await openModelFolder(options);
  const tokenizer = await readTokenizer(join(folder, "tokenizer.json"));
  const sources = await findSources(options.data, options);
  await sharedTokenizer(sources, { tokenizer, of: folder });
  using device = await openDevice();
  using model = await Gpt.load(device, folder);
  let [sum, weight, bytes] = [0, 0, 0];
  const { batchSize } = options;
  using evaluator = await Evaluator.create(model, { B: batchSize, T: model.config.context });
  for await (const batches of openData(sources, tokenizer, { ...options, model })) {
    const countBytes = new TransformStream<Batch, Batch>({
      transform(batch, controller) {
        for (const id of batch.targets) if (id >= 0) bytes += tokenizer.byteLength(id);
        controller.enqueue(batch);
      },
    });
    const measured = await evaluator.measure(batches.pipeThrough(countBytes));
    sum += measured.sum;
    weight += measured.weight;
  }
  const loss = sum / weight;
  const result = {
    loss,
    perplexity: Math.exp(loss),
    bitsPerByte: sum / Math.LN2 / bytes,
    tokens: weight,
  };
  console.log(options.json ? JSON.stringify(result) : describe(result));
  return 0;
}

/** All texts as one, then each set of shards: of a corpus that has one its validation split. */
async function* openData(
  sources: readonly DataSource[],
  tokenizer: Tokenizer,
  { batchSize, textField, model }: { batchSize: number; textField: string; model: Gpt },
): AsyncGenerator<ReadableStream<Batch>> {
  const { context, vocabularySize } = model.config;
  const texts = sources.filter(({ shards }) => !shards).map(({ path }) => path);
  if (texts.length > 0) {
    const ids = readIds(await findRaw(texts, { textField }), tokenizer);
    yield evaluationBatches(ids, { batchSize, context });
  }
  for (const { shards } of sources) {
    if (!shards) continue;
    const set = await (shards.openValidation ?? shards.open)(context);
    yield shardEvaluationBatches(set, { batchSize, vocabularySize });
  }
}

async function* readIds(source: RawSource, tokenizer: Tokenizer): AsyncGenerator<Uint32Array> {
  for await (const { ids } of readRawTokens(source, tokenizer)) yield ids;
}

function describe({ loss, perplexity, bitsPerByte, tokens }: Record<string, number>): string {
  return [
    `loss           ${loss.toFixed(4)} nats a token`,
    `perplexity     ${perplexity.toFixed(2)}`,
    `bits per byte  ${bitsPerByte.toFixed(4)}`,
    `tokens         ${tokens}`,
  ].join("\n");
}
