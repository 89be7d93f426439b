import { assertEquals } from "@std/assert";
import { readHellaSwag } from "../../../data/mod.ts";
import { assertBad, readAll } from "./rows.ts";

const line = (fields: object) =>
  JSON.stringify({
    ind: 4,
    activity_label: "Milling grain",
    ctx_a: "A woman pours corn on a stone.",
    ctx_b: "She",
    ctx: "A woman pours corn on a stone. She",
    endings: ["turns the quern.", "eats [substeps] it  raw.", "sings.", "leaves [title] The end."],
    split: "val",
    label: 0,
    ...fields,
  });

Deno.test("readHellaSwag: activity, both halves, endings without their marks", async () => {
  const text = `${line({ ctx_b: "the WOMAN" })}\n${line({ label: "3" })}\n`;
  const [first, second] = await readAll(text, readHellaSwag("val.jsonl"));
  assertEquals(first, {
    context: "Milling grain: A woman pours corn on a stone. The woman",
    choices: [" turns the quern.", " eats it raw.", " sings.", " leaves. The end."],
    answer: 0,
  });
  assertEquals(second.answer, 3);
  const [bare] = await readAll(
    line({ ctx_a: undefined, activity_label: undefined }),
    readHellaSwag("val.jsonl"),
  );
  assertEquals(bare.context, "A woman pours corn on a stone. She");
});

Deno.test("readHellaSwag: a line without an answer is an error", async () => {
  await assertBad(() => readHellaSwag("val.jsonl"), [
    [line({ label: "" }), 'the label must be 0 to 3, got ""; the test split has none', 1, 0],
    [line({ label: 4 }), "the label must be 0 to 3, got 4", 1, 0],
    [line({ endings: ["one"] }), "wanted a list of two endings or more, got an array of 1", 1, 0],
  ]);
});
