/**
 * F1 of the entities of a tagging run beside the same recipe in PyTorch, on the sentences that tested
 * it; of both the pass that is best on those that validate:
 *
 *     deno run -A tests/model/gpt_bench.ts RUN [SEED …]
 *
 * RUN is the folder that `quern finetune --task tag` wrote without `--from`, with `--test-data`; its
 * files are read from where they were then. The last line is JSON.
 */
import type { PartName, Task } from "../../cli/tasks/mod.ts";
import { compare, examplesOf } from "./pytorch.ts";

/** F1 of a part, in percent. @param found the class of each token of each sentence */
function f1({ told, head }: Task, part: PartName, found: readonly number[][]): number {
  const K = head!.labels.length;
  const logits = found.map((ids) => {
    const rows = new Float32Array(ids.length * K);
    ids.forEach((id, i) => rows[i * K + id] = 1);
    return rows;
  });
  return 100 * told!.score(part, logits);
}

await compare(Deno.args, {
  script: "gpt_bench.py",
  name: "F1",
  asked: ({ task }) =>
    (["validation", "test"] as const).flatMap((part) =>
      examplesOf(task.sets[part]).map(({ tokens }) => tokens)
    ),
  score({ task }, lines) {
    const { validation, test } = task.sets;
    const sentences = validation.length + test.length;
    const passes = Array.from({ length: lines.length / sentences }, (_, i) => {
      const found = lines.slice(i * sentences, (i + 1) * sentences);
      return {
        validation: f1(task, "validation", found.slice(0, validation.length)),
        test: f1(task, "test", found.slice(validation.length)),
      };
    });
    return passes.reduce((best, each) => each.validation > best.validation ? each : best).test;
  },
  own: ({ micro }) => 100 * micro.f1,
});
