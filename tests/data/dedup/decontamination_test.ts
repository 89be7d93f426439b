import { assertEquals, assertThrows } from "@std/assert";
import { type DecontaminationOptions, decontaminator } from "../../../data/dedup/mod.ts";
import { testStep } from "../contract.ts";

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

testStep("decontamination", make, [
  { text: LEAK, drop: "contains quiz" },
  { text: "How many of these 8 words, counted with great care?" },
]);

Deno.test("decontamination: the table of hits", () => {
  const step = make();
  assertEquals(step.sets, [
    { name: "quiz", items: 2, tooShort: 1 },
    { name: "copy", items: 1, tooShort: 0 },
    { name: "other", items: 1, tooShort: 0 },
  ]);
  assertEquals(step.apply(documentOf(LEAK)), { drop: "contains quiz" });
  assertEquals(step.takeHits(), {
    quiz: { documents: 1, ngrams: 2, found: { 1: 1 } },
    copy: { documents: 1, ngrams: 2, found: { 0: 1 } },
    other: { documents: 0, ngrams: 0, found: {} },
  });
  assertEquals(step.takeHits().quiz, { documents: 0, ngrams: 0, found: {} });
});

Deno.test("decontamination: report leaves the document", () => {
  const step = make({ mode: "report" });
  assertEquals(step.apply(documentOf(LEAK)), documentOf(LEAK));
  assertEquals(step.takeHits().quiz.documents, 1);
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

Deno.test("decontamination: a text without spaces is cut where the margins end", () => {
  const text = `${"山".repeat(300)} ${QUESTION} ${"水".repeat(300)}`;
  const step = make({ mode: "cut", marginChars: 50, minPieceChars: 3 });
  assertEquals(
    step.apply(documentOf(text)),
    documentOf(`${"山".repeat(251)}\n\n${"水".repeat(252)}`),
  );
});

Deno.test("decontamination: what is out of range is named", () => {
  assertThrows(
    () => make({ n: 3 }),
    RangeError,
    "Cannot look for n-grams: wanted 8 to 13 words as n, got 3",
  );
  assertThrows(
    () => make({ sets: [...sets, sets[0]] }),
    RangeError,
    "Cannot look for n-grams: wanted sets of different names, got quiz twice",
  );
});
