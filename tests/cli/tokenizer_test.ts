import { assertEquals, assertMatch } from "@std/assert";
import { quern } from "./quern.ts";

Deno.test("tokenizer: train, encode, decode and inspect", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const text = "the mill grinds the corn of the village\n".repeat(50);
    await Deno.writeTextFile(`${folder}/corpus.txt`, text);
    const run = (...args: string[]) =>
      quern(["tokenizer", ...args], { cwd: folder, permissions: ["--allow-write", "--allow-env"] });
    const trained = await run("train", "--data", "corpus.txt", "--vocabulary-size", "270");
    assertEquals(trained.code, 0, trained.stderr);
    assertMatch(trained.stdout, /^270 tokens in tokenizer\.json/);

    const file = ["--tokenizer", "tokenizer.json"];
    const encoded = await run("encode", ...file, "the mill ü 😀");
    assertMatch(encoded.stdout, /^\d+( \d+)*\n$/);
    const decoded = await run("decode", ...file, ...encoded.stdout.trim().split(" "));
    assertEquals(decoded.stdout, "the mill ü 😀\n");

    const inspected = await run("inspect", ...file, "--sample", "corpus.txt");
    assertMatch(inspected.stdout, /vocabulary size: 270\nspecial tokens: <\|endoftext\|>/);
    assertMatch(inspected.stdout, /bytes per token: [1-9]\d*\.\d\d\nunused tokens: \d+/);

    const prepared = await quern(
      ["prepare", "--data", "corpus.txt", ...file, "--context", "8", "--out", "out"],
      { cwd: folder, permissions: ["--allow-write", "--allow-env", "--allow-net"] },
    );
    assertEquals(prepared.code, 0, prepared.stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tokenizer: what is missing is named", async () => {
  const none = await quern(["tokenizer"]);
  assertEquals([none.code, none.stderr], [
    2,
    "quern: quern tokenizer wants train, encode, decode, inspect, got nothing.\n",
  ]);
  const file = await quern(["tokenizer", "encode", "text"]);
  assertMatch(file.stderr, /encode needs --tokenizer FILE/);
  assertMatch((await quern(["tokenizer", "decode", "--tokenizer", "x"])).stderr, /needs ids/);
});
