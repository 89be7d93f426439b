import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, quern, TINY } from "./quern.ts";

const permissions = ["--allow-write"];

Deno.test("quern export and import: a run to GGUF and to a folder that generate reads", () =>
  inFolder(async (cwd) => {
    const run = (...args: string[]) => quern(args, { cwd, permissions });
    await quern([
      "train",
      ...TINY,
      "--tokenizer",
      "byte",
      "--channels",
      "32",
      "--iterations",
      "4",
      "--out",
      "run",
    ], { cwd });
    const gguf = await run(
      "export",
      "--from",
      "run",
      "--out",
      "a.gguf",
      "--format",
      "gguf",
      "--type",
      "q8_0",
    );
    assertEquals(gguf.code, 0, gguf.stderr);
    assertMatch(gguf.stdout, /^a\.gguf {2}[\d,]+ bytes\n$/);
    const folder = await run("export", "--from", "run", "--out", "mill", "--json");
    assertEquals(JSON.parse(folder.stdout).files.length, 5);
    assertStringIncludes(await Deno.readTextFile(`${cwd}/mill/README.md`), "text.txt");
    const facts = await run("import", "mill");
    assertMatch(facts.stdout, /^folder +mill\nmodel +GPT-2, 1 layers, 2 heads, 32 channels\n/);
    assertMatch(facts.stdout, /weights +F32\n/);
    const args = ["--prompt", "the", "--tokens", "5", "--temperature", "0"];
    const [first, second] = await Promise.all(
      ["run", "mill"].map((from) => run("generate", "--from", from, ...args)),
    );
    assertEquals([second.code, second.stdout], [0, first.stdout]);
    assertEquals(
      JSON.parse((await run("import", "--from", "run", "--json")).stdout).config.channels,
      32,
    );
  }));

Deno.test("quern export and import: what does not fit is one sentence", () =>
  inFolder(async (cwd) => {
    await quern(["train", ...TINY, "--iterations", "2", "--out", "run"], { cwd });
    await Deno.mkdir(`${cwd}/pickle`);
    await Deno.writeTextFile(`${cwd}/pickle/pytorch_model.bin`, "");
    const cases: [string[], number, RegExp][] = [
      [["export", "--from", "run"], 2, /needs a place to write: --out PATH/],
      [
        ["export", "--from", "run", "--out", "a.gguf"],
        2,
        /a folder of f32, got --out a\.gguf\. Add --format gguf/,
      ],
      [["export", "--from", "run", "--out", "a", "--type", "f16"], 2, /got --type f16/],
      [
        ["export", "--from", "run", "--out", "a", "--format", "gguf"],
        1,
        /it is a character tokenizer/,
      ],
      [["import", "pickle"], 1, /pytorch_model\.bin is a pickle file/],
      [["import", "missing"], 1, /Cannot load a model from missing/],
    ];
    for (const [args, code, message] of cases) {
      const answer = await quern(args, { cwd, permissions });
      assertEquals([args, answer.code, answer.stdout], [args, code, ""]);
      assertMatch(answer.stderr, message);
      assertEquals(answer.stderr.trimEnd().split("\n").length, 1);
    }
  }));
