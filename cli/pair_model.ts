/** The encoder–decoder that translating starts from. */
import { join } from "@std/path";
import {
  chatTemplate,
  pairIds,
  PLAIN_CHAT_TEMPLATE,
  readTokenizer,
  trainPairTokenizer,
} from "../data/mod.ts";
import type { Device } from "../kernels/mod.ts";
import { EncoderDecoder, type EncoderDecoderConfig, planNetwork, PRESETS } from "../model/mod.ts";
import type { BaseModel, FinetuneOptions } from "./finetune_model.ts";
import { readPairParts } from "./tasks/mod.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Looks up an encoder–decoder, or the shape of a new one, whose vocabulary is made of the pairs to train
 * on.
 *
 * @param folder where it is; undefined for a new one
 */
export async function findPairBase(
  options: FinetuneOptions,
  folder: string | undefined,
): Promise<BaseModel> {
  if (options.task !== "translate") {
    throw new UsageError(`An encoder–decoder is for --task translate, not for ${options.task}.`);
  }
  if (options.loraRank !== undefined) throw new UsageError("--lora-rank is for a GPT.");
  const { config, tokenizer } = folder === undefined
    ? await newPairModel(options)
    : await pairModelOf(folder, options);
  return {
    ...{ folder, tokenizer, context: config.context },
    hasEncoder: true,
    isAdapted: false,
    template: chatTemplate(PLAIN_CHAT_TEMPLATE),
    plan: (device, _, settings) =>
      planNetwork(device, (plan) => EncoderDecoder.create(plan, config, { seed: 1 }), settings),
    async open(device, _, seed, checkpoint = folder) {
      const model = checkpoint === undefined
        ? EncoderDecoder.create(device, config, { seed })
        : await EncoderDecoder.load(device, checkpoint, options);
      model.tokenizer = tokenizer.toJson();
      return model;
    },
    load: (device: Device, folder: string) => EncoderDecoder.load(device, folder),
  };
}

async function pairModelOf(folder: string, { dropout }: FinetuneOptions) {
  const config = { ...await EncoderDecoder.readConfig(folder), dropout };
  return { config, tokenizer: await readTokenizer(join(folder, "tokenizer.json")) };
}

async function newPairModel(options: FinetuneOptions) {
  const { encoderLayers, decoderLayers, dropout, tie, sourceSize } = options;
  const { train } = await readPairParts(options, []);
  const { tokenizer, outputSize } = await trainPairTokenizer(train, { sourceSize });
  const preset = PRESETS[options.model];
  const config: EncoderDecoderConfig = {
    ...{ encoderLayers, decoderLayers, dropout, tie, outputSize, scaleEmbedding: true },
    heads: options.heads ?? preset.heads,
    channels: options.channels ?? preset.channels,
    context: options.context ?? preset.context,
    vocabularySize: tokenizer.vocabularySize,
    ...pairIds(tokenizer),
  };
  return { config, tokenizer };
}
