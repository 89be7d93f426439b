import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { inFolder, quern, TINY } from "./quern.ts";

Deno.test("quern eval: loss, perplexity and bits per byte over every target once", () =>
  inFolder(async (cwd) => {
    await quern(["train", ...TINY, "--iterations", "40", "--out", "run"], { cwd });
    const text = await Deno.readTextFile(`${cwd}/text.txt`);
    const args = ["eval", "--from", "run", "--data", "text.txt", "--json"];
    const { code, stdout } = await quern(args, { cwd, permissions: [] });
    assertEquals(code, 0);
    const result = JSON.parse(stdout);
    assertEquals(Object.keys(result), ["loss", "perplexity", "bitsPerByte", "tokens"]);
    assertEquals(result.tokens, [...text].length - 1);
    assertAlmostEquals(result.perplexity, Math.exp(result.loss), 1e-9);
    // The first character, a "t", is no target.
    const bytes = new TextEncoder().encode(text).length - 1;
    assertAlmostEquals(result.bitsPerByte, result.loss * result.tokens / Math.LN2 / bytes, 1e-9);
    assert(result.loss < 3, "40 iterations learn something");
    // The last partial row counts, whatever the batch size.
    const other = await quern([...args, "--batch-size", "5"], { cwd, permissions: [] });
    assertAlmostEquals(JSON.parse(other.stdout).loss, result.loss, 1e-5);
  }));

Deno.test("quern eval: the validation loss of a run is that of its validation text", () =>
  inFolder(async (cwd) => {
    const all = ["--eval-interval", "20", "--eval-batches", "100000", "--iterations", "20"];
    await quern(["train", ...TINY, ...all, "--out", "run"], { cwd });
    const characters = [...await Deno.readTextFile(`${cwd}/text.txt`)];
    const tail = characters.slice(Math.floor(characters.length * 0.9)).join("");
    await Deno.writeTextFile(`${cwd}/tail.txt`, tail);
    const { stdout } = await quern(
      ["eval", "--from", "run", "--data", "tail.txt", "--json"],
      { cwd, permissions: [] },
    );
    const lines = (await Deno.readTextFile(`${cwd}/run/metrics.jsonl`)).trimEnd().split("\n");
    const { validationLoss } = JSON.parse(lines[lines.length - 1]);
    assertAlmostEquals(JSON.parse(stdout).loss, validationLoss, 1e-5);
  }));

Deno.test("quern eval: without a text it is wrong usage", async () => {
  const { code, stderr } = await quern(["eval"], { permissions: [] });
  assertEquals(code, 2);
  assertMatch(stderr, /name one with --data FILE/);
});
