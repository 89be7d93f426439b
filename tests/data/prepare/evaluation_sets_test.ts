import { assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../../data/mod.ts";
import { readEvaluationSets } from "../../../data/prepare/evaluation_sets.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/quiz.jsonl`,
      `{"question": "One?", "choices": ["a", "b"], "n": 1}\n{"question": "Two?", "choices": []}\n`,
    );
    await Deno.writeTextFile(`${folder}/poems.v1.txt`, "A line\n\nand another\n");
    await Deno.writeTextFile(`${folder}/a=b.csv`, "question,text\nThree?,x\n");
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("evaluation sets: records and lines are items, of the fields named, in sets by name", () =>
  inFolder(async (folder) => {
    const fields = ["question", "choices"];
    const [quiz] = await readEvaluationSets([`${folder}/quiz.jsonl`], { fields });
    assertEquals([quiz.name, quiz.texts], ["quiz", ["One?\na\nb", "Two?\n"]]);
    assertEquals(quiz.files.map(({ path }) => path), ["quiz.jsonl"]);
    assertEquals(quiz.files[0].sha256.length, 64);
    const sets = await readEvaluationSets([
      ...[`${folder}/poems.v1.txt`, `all=${folder}/quiz.jsonl`, `all=${folder}/a=b.csv`],
      `${folder}/a=b.csv`,
    ], { fields: ["question"] });
    assertEquals(sets.map(({ name, texts }) => [name, texts]), [
      ["poems", ["A line", "and another"]],
      ["all", ["One?", "Two?", "Three?"]],
      ["a=b", ["Three?"]],
    ]);
  }));

Deno.test("evaluation sets: a field that is missing is named", () =>
  inFolder(async (folder) => {
    const source = [`${folder}/quiz.jsonl`];
    await assertRejects(
      () => readEvaluationSets(source),
      DataError,
      "wanted text in the field text, got no such field; its fields are question, choices, n",
    );
    await assertRejects(
      () => readEvaluationSets(source, { fields: ["question", "n"] }),
      DataError,
      "Cannot read item 0: wanted text in the field n, got 1; name fields that all items have",
    );
  }));
