/** `quern translate`: translates lines with an encoder–decoder. */
import { join } from "@std/path";
import { TextLineStream } from "@std/streams";
import { readText, readTokenizer, sourceIds } from "../data/mod.ts";
import { EncoderDecoder, Translator } from "../model/mod.ts";
import { CHECKPOINT_OPTIONS, openModelFolder } from "./checkpoint_options.ts";
import { openDevice } from "./kernel_choices.ts";
import { defineOptions, JSON_OPTION, parseOptions } from "./options.ts";
import { cutSource, TASK_DATA_OPTIONS } from "./tasks/mod.ts";
import { UsageError } from "./usage_error.ts";

const { beams, lengthPenalty, noRepeatNgram } = TASK_DATA_OPTIONS;

/** Options of `quern translate`. */
export const TRANSLATE_OPTIONS = defineOptions({
  ...CHECKPOINT_OPTIONS,
  data: {
    type: "strings",
    unit: "SOURCE",
    defaultHelp: "standard input",
    help: "What to translate: files of a text a line.",
  },
  batchSize: {
    type: "integer",
    unit: "texts",
    min: 1,
    default: 16,
    help: "Texts that are translated together.",
  },
  beams: { ...beams, help: "Translations of a text that are followed side by side; 1 for greedy." },
  lengthPenalty: {
    ...lengthPenalty,
    help: "Power of its length that a translation's score is divided by.",
  },
  noRepeatNgram: {
    ...noRepeatNgram,
    help: "Runs of so many tokens may not come twice; 0 for no such rule.",
  },
  ...JSON_OPTION,
});

/** Runs `quern translate`: a line for each line, in order; an empty one stays empty. */
export async function translate(args: string[]): Promise<number> {
  const { data, batchSize, beams, json, ...options } = parseOptions(TRANSLATE_OPTIONS, args);
  const folder = await openModelFolder(options);
  if (!await EncoderDecoder.isIn(folder)) {
    throw new UsageError(
      `Cannot translate with ${folder}: it has no encoder. Make one that can with finetune --task ` +
        "translate --architecture encoder-decoder.",
    );
  }
  const tokenizer = await readTokenizer(join(folder, "tokenizer.json"));
  using device = await openDevice();
  using model = await EncoderDecoder.load(device, folder);
  using translator = await Translator.create(model, { beams, batchSize });
  const { context } = model.config;
  const write = async (lines: readonly string[]) => {
    const texts = lines.filter((line) => line.trim() !== "");
    const sources = texts.map((text) => cutSource(sourceIds(tokenizer, text), context));
    const found = await translator.translate(sources, options);
    const translated = new Map(
      found.map(({ tokens, score }, i) => [texts[i], { text: tokenizer.decode(tokens), score }]),
    );
    for (const source of lines) {
      const { text, score } = translated.get(source) ?? { text: "", score: 0 };
      console.log(json ? JSON.stringify({ source, text, score }) : text);
    }
  };
  let waiting: string[] = [];
  const lines = new TextLineStream() as TransformStream<string, string>;
  for await (const line of readText(data.length > 0 ? [...data] : ["-"]).pipeThrough(lines)) {
    waiting.push(line);
    if (waiting.length < batchSize) continue;
    await write(waiting);
    waiting = [];
  }
  await write(waiting);
  return 0;
}
