/**
 * BLEU of a translation run beside the same recipe in PyTorch, on the pairs that validated it:
 *
 *     deno run -A tests/model/translation_bench.ts RUN PAIRS [SEED]
 *
 * RUN is the folder that `quern finetune --architecture encoder-decoder --task translate` wrote from PAIRS,
 * and SEED that of the PyTorch model. Prints a table, then the figures as JSON in the last line.
 */
import {
  describeBleu,
  Device,
  EncoderDecoder,
  findCheckpoint,
  parseTokenizer,
  readPairs,
  readTaskFiles,
  scoreBleu,
  sourceIds,
  splitByKey,
  Translator,
} from "../../mod.ts";

const [run, path, seed = "1"] = Deno.args;
const options = JSON.parse(await Deno.readTextFile(`${run}/config.json`));
const folder = await findCheckpoint(run, "best");
using device = await Device.open();
using model = await EncoderDecoder.load(device, folder);
const { config } = model;
const tokenizer = parseTokenizer(model.tokenizer, folder);

const { format, onBad, validationFraction } = options;
const { examples } = readTaskFiles([path], (file) => readPairs(file, { format, onBad }));
const { train, validation } = splitByKey(
  await Array.fromAsync(examples),
  ({ source }) => source,
  { validationFraction, salt: "validation" },
);
const targets = Map.groupBy(validation, ({ source }) => source);
const sources = [...targets.keys()];
const most = Math.max(...[...targets.values()].map(({ length }) => length));
const references = [...targets.values()].map((own) =>
  Array.from({ length: most }, (_, i) => (own[i] ?? own[0]).target)
);
const cut = (ids: Uint32Array) => [...ids.subarray(0, config.context - 1)];
const asked = sources.map((source) => [
  ...cut(sourceIds(tokenizer, source).slice(0, -1)),
  config.endId,
]);

await Deno.writeTextFile(
  `${run}/pairs.json`,
  JSON.stringify({
    ...config,
    train: train.map(({ source, target }) => [
      [...cut(sourceIds(tokenizer, source).slice(0, -1)), config.endId],
      cut(tokenizer.encode(target, { findSpecialTokens: false })),
    ]),
    validation: asked,
  }),
);
const scores: Record<string, number> = {};
const score = (name: string, predictions: string[]) => {
  const bleu = scoreBleu(references, predictions, { tokenizer: "zh" });
  scores[name] = bleu.score;
  console.log(`${name.padEnd(8)} ${describeBleu(bleu)}`);
};

using translator = await Translator.create(model, { beams: 4, batchSize: 16 });
const found = await translator.translate(asked.map((ids) => Uint32Array.from(ids)));
score("quern", found.map(({ tokens }) => tokenizer.decode(tokens)));

const python = new Deno.Command("/usr/bin/python3", {
  args: [
    new URL("translation_bench.py", import.meta.url).pathname,
    ...[run, "--seed", seed, "--passes", `${options.epochs}`],
    ...["--batch-size", `${options.batchSize}`, "--learning-rate", `${options.learningRate}`],
  ],
  stderr: "inherit",
  env: { OMP_WAIT_POLICY: "PASSIVE" },
});
const { stdout, success } = await python.output();
if (!success) throw new Error("PyTorch's recipe failed");
const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
score(
  "pytorch",
  lines.map((line) => tokenizer.decode(line === "" ? [] : line.split(" ").map(Number))),
);
console.log(JSON.stringify({ run, seed: Number(seed), segments: sources.length, scores }));
