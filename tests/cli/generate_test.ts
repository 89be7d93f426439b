import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, quern, type QuernOptions, TINY } from "./quern.ts";

const BYTES = [
  "train",
  ...TINY,
  "--tokenizer",
  "byte",
  "--iterations",
  "4",
  "--save-interval",
  "2",
];

Deno.test("quern generate: continues the prompt; the same seed gives the same text", () =>
  inFolder(async (cwd) => {
    await quern(["train", ...TINY, "--iterations", "40", "--out", "runs/a"], { cwd });
    const options: QuernOptions = { cwd, permissions: [] };
    const args = ["generate", "--prompt", "the quick", "--tokens", "20"];
    const first = await quern(args, options);
    assertEquals([first.code, first.stderr], [0, ""]);
    assertEquals([...first.stdout].length, "the quick".length + 20 + 1);
    assert(first.stdout.startsWith("the quick") && first.stdout.endsWith("\n"));
    assertEquals((await quern(args, options)).stdout, first.stdout);
    assert((await quern([...args, "--seed", "7"], options)).stdout !== first.stdout);
    const greedy = [...args, "--temperature", "0"];
    const likeliest = await quern([...args, "--top-k", "1", "--seed", "7"], options);
    assertEquals((await quern(greedy, options)).stdout, likeliest.stdout);
    const json = await quern([...args, "--json"], options);
    const texts = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).text);
    assertEquals(`the quick${texts.join("")}\n`, first.stdout);
  }));

Deno.test("quern generate: a character split over tokens never prints broken", () =>
  inFolder(async (cwd) => {
    // An untrained model of bytes writes many bytes that are no UTF-8; what is printed must be.
    await quern([...BYTES, "--out", "run"], { cwd });
    const args = ["generate", "--from", "run", "--tokens", "200", "--temperature", "2", "--json"];
    const { stdout } = await quern(args, { cwd, permissions: [] });
    const texts = stdout.trimEnd().split("\n").map((line) => JSON.parse(line).text as string);
    assert(texts.every((text) => text.isWellFormed() && text !== ""));
  }));

Deno.test("quern generate: a run means its best checkpoint; --checkpoint chooses", () =>
  inFolder(async (cwd) => {
    await quern([...BYTES, "--eval-interval", "0", "--out", "run"], { cwd });
    // Cold, so that two steps of training show in the choices.
    const cold = ["generate", "--tokens", "60", "--temperature", "0.05"];
    const text = async (...args: string[]) =>
      (await quern([...cold, ...args], { cwd, permissions: [] })).stdout;
    const [early, late] = await Promise.all([
      text("--from", "run/checkpoints/step-000002"),
      text("--from", "run/checkpoints/step-000004"),
    ]);
    assert(early !== late);
    assertEquals(await text("--from", "run"), late);
    assertEquals(await text("--from", "run", "--checkpoint", "last"), late);
    assertEquals(await text("--from", "run", "--checkpoint", "2"), early);
  }));

Deno.test("quern generate: bad input is one sentence", () =>
  inFolder(async (cwd) => {
    const fails = async (args: string[], code: number, says: RegExp) => {
      const answer = await quern(["generate", ...args], { cwd, permissions: [] });
      assertEquals(answer.code, code, answer.stderr);
      assertMatch(answer.stderr, /^quern: [^\n]+\n$/);
      assertMatch(answer.stderr, says);
    };
    await fails([], 1, /runs\/ holds no run\. Train one with `deno task train`/);
    await fails(["--from", "nowhere"], 1, /nowhere/);
    await fails(["--temperature", "-1"], 2, /--temperature must be a number at least 0, got -1/);
    await quern([...BYTES, "--out", "run"], { cwd });
    await fails(["--from", "run", "--checkpoint", "best-one"], 2, /last, best or an iteration/);
    await fails(["--from", "run", "--checkpoint", "7"], 1, /step|iteration|7/);
    const folder = "run/checkpoints/step-000004";
    const weights = `${cwd}/${folder}/model.safetensors`;
    const good = await Deno.readFile(weights);
    await Deno.writeFile(weights, good.subarray(0, good.length - 1));
    await fails(["--from", folder], 1, /model\.safetensors/);
    await Deno.writeFile(weights, good.map((byte, i) => i === 9 ? 0xff : byte));
    await fails(["--from", folder], 1, /model\.safetensors/);
  }));

Deno.test("quern generate: a prompt with an unknown character is named", () =>
  inFolder(async (cwd) => {
    await quern(["train", ...TINY, "--iterations", "1", "--out", "run"], { cwd });
    const { code, stderr } = await quern(["generate", "--from", "run", "--prompt", "Ω"], { cwd });
    assertEquals(code, 1);
    assertStringIncludes(stderr, "U+03A9");
  }));
