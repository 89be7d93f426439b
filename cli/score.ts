/** `quern eval --predictions`: scores outputs made elsewhere; needs no GPU. */
import { confusionSvg, evaluationReportHtml } from "../model/mod.ts";
import type { EVAL_OPTIONS } from "./eval_options.ts";
import type { OptionValues } from "./options.ts";
import type { Scored } from "./score_reports.ts";
import { scoreChoices, scoreClasses, scoreTags, scoreTexts } from "./score_tasks.ts";
import { UsageError } from "./usage_error.ts";

/** Values of the options of `quern eval`. */
export type EvalValues = OptionValues<typeof EVAL_OPTIONS>;

/** Whether the options ask for outputs to be scored instead of a model. */
export function isScoring({ predictions, references }: EvalValues): boolean {
  return predictions !== undefined || references.length > 0;
}

/** Scores predictions against references and gives the exit code. */
export async function score(options: EvalValues): Promise<number> {
  const { predictions, references, task = "translate" } = options;
  if (predictions === undefined || (references.length === 0 && task !== "chat")) {
    throw new UsageError(
      "eval needs both --predictions FILE and --references FILE to compare outputs (chat can do " +
        "without references).",
    );
  }
  if (references.length > 1 && task !== "translate" && task !== "chat") {
    throw new UsageError(`eval --task ${task} takes one file of --references.`);
  }
  const inputs = { ...options, predictions };
  if (task === "text") throw new UsageError("eval --task text measures a model: give it --data.");
  await tellScored(await SCORERS[task](inputs), { ...options, task });
  return 0;
}

/** Prints what was measured and writes the pages that were asked for. */
export async function tellScored(scored: Scored, options: EvalValues): Promise<void> {
  if (options.report !== undefined) {
    await Deno.writeTextFile(options.report, evaluationReportHtml(scored.report));
  }
  if (options.confusion !== undefined) {
    if (!scored.report.confusion) {
      throw new UsageError(`eval --task ${options.task} has no confusion matrix.`);
    }
    await Deno.writeTextFile(options.confusion, confusionSvg(scored.report.confusion));
  }
  console.log(options.json ? JSON.stringify(scored.json) : scored.lines.join("\n"));
}

const SCORERS: Record<
  Exclude<NonNullable<EvalValues["task"]>, "text">,
  (options: EvalValues & { predictions: string }) => Promise<Scored>
> = {
  classify: scoreClasses,
  tag: scoreTags,
  translate: scoreTexts,
  chat: scoreTexts,
  choice: scoreChoices,
};
