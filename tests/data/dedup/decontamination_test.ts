import { assertEquals, assertThrows } from "@std/assert";
import { addHits, type DecontaminationOptions, decontaminator } from "../../../data/dedup/mod.ts";
import { stage } from "../../../data/stage.ts";
import { testTransform } from "../contract.ts";

const QUESTION = "How many of these 8 words, counted by hand, are in both?";
const sets = [
  { name: "quiz", texts: ["too short", QUESTION] },
  { name: "copy", texts: [QUESTION.toUpperCase()] },
  { name: "other", texts: ["nine words that are found in no document here"] },
];
const make = (options: Partial<DecontaminationOptions> = {}) =>
  decontaminator({ sets, n: 8, ...options });
const documentOf = (text: string) => ({ id: "1", text, source: "test", metadata: {} });
const LEAK = `Look: how many of these 8 words counted... by HAND, and then some.`;

testTransform("decontamination: documents that hold an n-gram are dropped", {
  make: () => stage(make()),
  cases: [{
    label: "one of two",
    input: [documentOf(LEAK), documentOf("How many of these 8 words, counted with great care?")],
    output: [documentOf("How many of these 8 words, counted with great care?")],
  }],
  split: (input) => [input],
});

Deno.test("decontamination: the table of hits, of one worker and of two", () => {
  const step = make();
  assertEquals(step.apply(documentOf(LEAK)), { drop: "contains quiz" });
  const hits = step.hits();
  assertEquals(hits, [
    { name: "quiz", items: 2, tooShort: 1, documents: 1, ngrams: 2, hitItems: [1] },
    { name: "copy", items: 1, tooShort: 0, documents: 1, ngrams: 2, hitItems: [0] },
    { name: "other", items: 1, tooShort: 0, documents: 0, ngrams: 0, hitItems: [] },
  ]);
  const [quiz, copy] = addHits(hits, make().hits());
  assertEquals([quiz, copy], hits.slice(0, 2));
  assertEquals(addHits(hits, hits)[0], { ...hits[0], documents: 2, ngrams: 4 });
});

Deno.test("decontamination: report leaves the document", () => {
  const step = make({ mode: "report" });
  assertEquals(step.apply(documentOf(LEAK)), documentOf(LEAK));
  assertEquals(step.hits()[0].documents, 1);
});

Deno.test("decontamination: cut takes out the find, its margins and short pieces", () => {
  const text = `aaaa bbbb cccc dddd. ${QUESTION} eeee ffff gggg hhhh iiii ${QUESTION} x`;
  const options = { mode: "cut", marginChars: 7, minPieceChars: 3 } as const;
  assertEquals(make(options).apply(documentOf(text)), documentOf("aaaa bbbb\n\ngggg"));
  assertEquals(make({ ...options, minPieceChars: 8 }).apply(documentOf(text)), {
    ...documentOf("aaaa bbbb"),
  });
  const drop = { drop: "contains quiz" };
  assertEquals(make({ ...options, maxPieces: 1 }).apply(documentOf(text)), drop);
  assertEquals(make({ mode: "cut" }).apply(documentOf(text)), drop);
});

Deno.test("decontamination: n out of range is named", () => {
  assertThrows(
    () => make({ n: 3 }),
    RangeError,
    "Cannot look for n-grams: wanted 8 to 13 words as n, got 3",
  );
});
