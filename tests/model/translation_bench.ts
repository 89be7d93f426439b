/**
 * BLEU of a translation run beside the same recipe in PyTorch, on the pairs that validated it:
 *
 *     deno run -A tests/model/translation_bench.ts RUN [SEED …]
 *
 * RUN is the folder that `quern finetune --architecture encoder-decoder --task translate` wrote; its
 * pairs are read from where they were then. The last line is JSON.
 */
import { cutSource } from "../../cli/tasks/mod.ts";
import { compare } from "./pytorch.ts";

await compare(Deno.args, {
  script: "translation_bench.py",
  name: "BLEU",
  asked: ({ task, config }) =>
    task.asked!.prompts("validation").map((source) => cutSource(source, config.context)),
  score({ task, tokenizer }, lines) {
    const answers = lines.map((ids) => tokenizer.decode(ids).trim());
    return task.asked!.score!("validation", [...answers.keys()], answers);
  },
  own: ({ bleu }) => bleu.score,
});
