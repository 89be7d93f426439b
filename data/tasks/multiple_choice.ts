import { isRecord, readTable } from "./columns.ts";
import { BadExample, describe, filledText, type OnBad, type Place } from "./reader.ts";
import type { TaskReader } from "./reader.ts";

/** A beginning, some ways to go on, and which of them is right. */
export interface MultipleChoice {
  /** The beginning. */
  context: string;
  /** Each to follow the context, with the space between. */
  choices: string[];
  /** Index of the right one. */
  answer: number;
  /** Where it was read. */
  place: Place;
}

/**
 * Questions in HellaSwag's file format: JSON Lines with `ctx_a`, `ctx_b` (or `ctx`), `endings`,
 * `label` and `activity_label`. The context is put together as EleutherAI's harness does: activity,
 * colon, both halves with the second one's first letter large, and no `[header]` marks.
 *
 * Source: Zellers et al. 2019, "HellaSwag: Can a Machine Really Finish Your Sentence?"
 *
 * @param path the file's name, for examples and errors
 * @throws {DataError} in the stream, with the line, where there are no endings or the label is none
 * of them, unless such lines are skipped
 */
export function readHellaSwag(
  path: string,
  options: { onBad?: OnBad } = {},
): TaskReader<MultipleChoice> {
  const role = (name: string, ...known: string[]) => ({ name, known: [name, ...known] });
  return readTable(path, {
    roles: [role("endings"), role("label")],
    guess: () => [],
    make: ({ endings, label, object }, place) => {
      if (!Array.isArray(endings) || endings.length < 2) {
        throw new BadExample(
          "no endings",
          `wanted a list of two endings or more, got ${describe(endings)}`,
        );
      }
      const answer = typeof label === "string" && label !== "" ? Number(label) : label;
      if (
        !Number.isInteger(answer) || (answer as number) < 0 ||
        (answer as number) >= endings.length
      ) {
        throw new BadExample(
          "no label",
          `the label must be 0 to ${endings.length - 1}, got ${JSON.stringify(label)}; the test ` +
            "split has none, use the validation split",
        );
      }
      return {
        context: contextOf(isRecord(object) ? object : {}),
        choices: endings.map((ending) => ` ${plain(filledText(ending, "ending"))}`),
        answer: answer as number,
        place,
      };
    },
  }, { ...options, format: "jsonl" });
}

function contextOf({ activity_label, ctx_a, ctx_b, ctx }: Record<string, unknown>): string {
  const halves = typeof ctx_a === "string"
    ? `${ctx_a} ${typeof ctx_b === "string" ? capitalized(ctx_b) : ""}`
    : filledText(ctx, "context");
  const activity = typeof activity_label === "string" ? `${activity_label}: ` : "";
  return plain(activity + halves);
}

/** As Python's `capitalize` does: the first letter large, the others small. */
function capitalized(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

function plain(text: string): string {
  return text.trim().replaceAll(" [title]", ". ").replace(/\[.*?\]/g, "").replaceAll("  ", " ");
}
