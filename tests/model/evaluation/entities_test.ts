import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { entitiesOf, scoreEntities } from "../../../model/mod.ts";
import { assertScores, readGolden } from "./golden.ts";

Deno.test("scoreEntities: the golden of both modes, with tags that break the scheme among the predictions", async () => {
  const { references, predictions, ...modes } = (await readGolden()).entities;
  for (const mode of ["strict", "default"] as const) {
    const { micro, types } = scoreEntities(references, predictions, { mode });
    assertScores(micro, modes[mode].micro);
    assertEquals(types.map(({ type }) => type), Object.keys(modes[mode].types));
    for (const { type, ...scores } of types) assertScores(scores, modes[mode].types[type]);
  }
});

Deno.test("scoreEntities: seqeval's published examples", () => {
  // README and test_metrics.py: MISC begins a word too early, PER is right.
  const readme = scoreEntities(
    [["O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]],
    [["O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]],
    { mode: "default" },
  );
  assertEquals([readme.micro.f1, readme.macro.f1, readme.tagAccuracy], [0.5, 0.5, 0.8]);
  // test_v1.py, strict: types of both sides count in the mean.
  const strict = scoreEntities([["B-A", "B-B", "O", "B-A"]], [["O", "B-B", "B-C", "B-A"]]);
  assertEquals(
    strict.types.map(({ type, precision, recall, support }) => [type, precision, recall, support]),
    [["A", 1, 0.5, 2], ["B", 1, 1, 1], ["C", 0, 0, 0]],
  );
  assertAlmostEquals(strict.macro.f1, 0.5555555555555555, 1e-15);
  assertAlmostEquals(strict.micro.f1, 0.6666666666666666, 1e-15);
  assertAlmostEquals(strict.macro.precision, 0.6666666666666666, 1e-15);
});

Deno.test("entitiesOf: where the modes part", () => {
  const read = (tags: string, mode: "strict" | "default") =>
    entitiesOf(tags.split(" "), mode).map(({ type, start, end }) => `${type} ${start}-${end}`);
  const cases: [tags: string, strict: string[], byDefault: string[]][] = [
    ["B-X I-X O", ["X 0-2"], ["X 0-2"]],
    ["O I-X I-X", [], ["X 1-3"]],
    ["B-X I-Y I-X", ["X 0-1"], ["X 0-1", "Y 1-2", "X 2-3"]],
    ["B-X B-X I-X", ["X 0-1", "X 1-3"], ["X 0-1", "X 1-3"]],
    ["I-X B-X", ["X 1-2"], ["X 0-1", "X 1-2"]],
    ["B I O", ["_ 0-2"], ["_ 0-2"]],
  ];
  for (const [tags, strict, byDefault] of cases) {
    assertEquals(read(tags, "strict"), strict, tags);
    assertEquals(read(tags, "default"), byDefault, tags);
  }
});

Deno.test("scoreEntities: other tags, and another number of words, are errors", () => {
  assertThrows(
    () => entitiesOf(["O", "S-X"], "strict"),
    RangeError,
    "wanted IOB2 tags (O, B-TYPE, I-TYPE), got S-X at word 2",
  );
  assertThrows(
    () => scoreEntities([["O", "O"]], [["O"]]),
    RangeError,
    "Cannot score sentence 1: wanted a tag for each of its 2 words, got 1",
  );
  assertThrows(() => scoreEntities([["O"]], []), RangeError, "Cannot score entities: wanted one");
  const none = scoreEntities([["O"]], [["O"]]);
  assertEquals([none.micro.f1, none.macro.f1, none.types], [0, 0, []]);
  assert(none.intervals.f1.high === 0);
});
