/** `quern eval`: measures a model's loss on text. */
import { join } from "@std/path";
import {
  collectTokens,
  encodeStream,
  evaluationBatches,
  readText,
  readTokenizer,
} from "../data/mod.ts";
import { Device } from "../kernels/mod.ts";
import { Evaluator, Gpt } from "../model/mod.ts";
import { openModelFolder } from "./checkpoint_options.ts";
import { EVAL_OPTIONS } from "./eval_options.ts";
import { parseOptions } from "./options.ts";
import { UsageError } from "./usage_error.ts";

export { EVAL_OPTIONS };

/** Runs `quern eval`. */
export async function evaluate(args: string[]): Promise<number> {
  const options = parseOptions(EVAL_OPTIONS, args);
  if (options.data.length === 0) {
    throw new UsageError("eval needs a text: name one with --data FILE.");
  }
  const folder = await openModelFolder(options);
  const tokenizer = await readTokenizer(join(folder, "tokenizer.json"));
  const text = readText(options.data).pipeThrough(encodeStream(tokenizer));
  const tokens = await collectTokens(text, { vocabularySize: tokenizer.vocabularySize });
  using device = await Device.open();
  using model = await Gpt.load(device, folder);
  const { context } = model.config;
  const { batchSize } = options;
  using evaluator = await Evaluator.create(model, { B: batchSize, T: context });
  const { sum, weight } = await evaluator.measure(
    evaluationBatches(tokens, { batchSize, context }),
  );
  let bytes = 0;
  for (const id of tokens.subarray(1)) bytes += tokenizer.byteLength(id);
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

function describe({ loss, perplexity, bitsPerByte, tokens }: Record<string, number>): string {
  return [
    `loss           ${loss.toFixed(4)} nats a token`,
    `perplexity     ${perplexity.toFixed(2)}`,
    `bits per byte  ${bitsPerByte.toFixed(4)}`,
    `tokens         ${tokens}`,
  ].join("\n");
}
