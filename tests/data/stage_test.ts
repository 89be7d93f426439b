import { assertEquals } from "@std/assert";
import { type Document, stage, type Step } from "../../data/mod.ts";
import { testTransform } from "./contract.ts";

const document = (text: string, id = text): Document => ({ id, text, source: "s", metadata: {} });

const short: Step = {
  name: "short",
  apply: (d) => d.text.length < 2 ? { drop: "too short" } : { ...d, text: d.text.trim() },
};

testTransform("stage", {
  make: () => stage(short),
  cases: [
    {
      label: "keeps, changes and drops, in order",
      input: [document("aa "), document("b"), document("cc")],
      output: [document("aa", "aa "), document("cc")],
    },
  ],
});

Deno.test("stage: counts in, out and dropped by reason, in documents and UTF-8 bytes", async () => {
  const dropped: [string, string][] = [];
  const counted = stage(short, { onDrop: (d, reason) => void dropped.push([d.text, reason]) });
  await Array.fromAsync(
    ReadableStream.from([document("é "), document("é"), document("x")]).pipeThrough(counted),
  );
  assertEquals(counted.report, {
    name: "short",
    in: { documents: 3, bytes: 6 },
    out: { documents: 1, bytes: 2 },
    dropped: { "too short": { documents: 2, bytes: 3 } },
  });
  assertEquals(dropped, [["é", "too short"], ["x", "too short"]]);
});
