import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Answer, inFolder, quern } from "./quern.ts";

const PERMISSIONS = ["--allow-write", "--allow-env", "--allow-net"];

async function tokenizer(cwd: string, args: string[], stdin?: string): Promise<Answer> {
  return await quern(["tokenizer", ...args], { cwd, stdin, permissions: PERMISSIONS });
}

/** Works in a folder with a trained tokenizer. */
async function withTokenizer(work: (folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (cwd) => {
    const args = ["train", "--data", "text.txt", "--vocabulary-size", "300", "--out", "t.json"];
    const { code, stdout, stderr } = await tokenizer(cwd, args);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^300 tokens from [\d,]+ characters, [\d,]+ different pieces\.$/m);
    await work(cwd);
  });
}

Deno.test("quern tokenizer: encode prints nothing but ids, and decode is its inverse", () =>
  withTokenizer(async (cwd) => {
    const text = "the quick fox's\n\n  éx 字 <|endoftext|> 😀";
    const { code, stdout, stderr } = await tokenizer(cwd, [
      "encode",
      "--tokenizer",
      "t.json",
      text,
    ]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^\d+( \d+)*\n$/);
    assert(stdout.split(" ").includes("0"), "the special token of the text is found");
    assert(stdout.split(" ").length < text.length);
    const ids = stdout.trim().split(" ");
    const back = await tokenizer(cwd, ["decode", "--tokenizer", "t.json", ...ids]);
    assertEquals(back.stdout, text);
    const piped = await tokenizer(cwd, ["decode", "--tokenizer", "t.json", "-"], stdout);
    assertEquals(piped.stdout, text);
    const read = await tokenizer(cwd, ["encode", "-", "--tokenizer=t.json"], text);
    assertEquals(read.stdout, stdout);
    const dashed = await tokenizer(cwd, ["encode", "--tokenizer", "byte", "--", "--a"]);
    assertEquals(dashed.stdout, "45 45 97\n");
  }));

Deno.test("quern tokenizer: a file is encoded as a stream, with the same ids", () =>
  withTokenizer(async (cwd) => {
    const file = await tokenizer(cwd, ["encode", "--tokenizer", "t.json", "text.txt"]);
    const text = await Deno.readTextFile(`${cwd}/text.txt`);
    const whole = await tokenizer(cwd, ["encode", "--tokenizer", "t.json", text]);
    assertEquals(file.stdout, whole.stdout);
    await Deno.writeTextFile(`${cwd}/ids.txt`, file.stdout);
    const back = await tokenizer(cwd, ["decode", "--tokenizer", "t.json", "ids.txt"]);
    assertEquals(back.stdout, text);
  }));

Deno.test("quern tokenizer: nothing has no ids, and no ids are nothing", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/empty.txt`, "");
    const byte = ["--tokenizer", "byte"];
    for (const text of ["", "empty.txt", "-"]) {
      const encoded = await tokenizer(cwd, ["encode", ...byte, text], "");
      assertEquals([encoded.code, encoded.stdout, encoded.stderr], [0, "\n", ""]);
      const decoded = await tokenizer(cwd, ["decode", ...byte, text], "\n");
      assertEquals([decoded.code, decoded.stdout, decoded.stderr], [0, "", ""]);
    }
  }));

Deno.test("quern tokenizer: large texts are read in pieces, by train and inspect", () =>
  inFolder(async (cwd) => {
    const line = "to be or not to be, that is the question ".repeat(1000) + "\n";
    using file = await Deno.open(`${cwd}/large.txt`, { write: true, create: true });
    const bytes = new TextEncoder().encode(line);
    // Longer than any one document may be.
    for (let size = 0; size < 70e6; size += bytes.length) await file.write(bytes);
    const args = ["train", "--data", "large.txt", "--vocabulary-size", "280", "--out", "t.json"];
    const trained = await tokenizer(cwd, args);
    assertEquals(trained.code, 0, trained.stderr);
    assertMatch(trained.stdout, /^280 tokens from 70,\d{3},\d{3} characters, /);
    const inspected = await tokenizer(cwd, [
      ...["inspect", "--tokenizer", "t.json", "--data", "large.txt", "--sample-bytes", "1000000"],
      "--json",
    ]);
    assertEquals(JSON.parse(inspected.stdout).sample.bytes, 1_000_000);
  }));

Deno.test("quern tokenizer encode --special: adds what stands around a text", () =>
  inFolder(async (cwd) => {
    const model = { type: "WordLevel", vocab: { a: 0, "<s>": 1, "</s>": 2 }, unk_token: "a" };
    const post = { type: "BertProcessing", sep: ["</s>", 2], cls: ["<s>", 1] };
    const json = { version: "1.0", model, post_processor: post };
    await Deno.writeTextFile(`${cwd}/t.json`, JSON.stringify(json));
    const args = ["encode", "--tokenizer", "t.json", "a"];
    assertEquals((await tokenizer(cwd, args)).stdout, "0\n");
    assertEquals((await tokenizer(cwd, [...args, "--special"])).stdout, "1 0 2\n");
  }));

Deno.test("quern tokenizer inspect: size, longest tokens, lengths and a sample", () =>
  withTokenizer(async (cwd) => {
    const args = ["inspect", "--tokenizer", "t.json", "--data", "text.txt"];
    const { code, stdout } = await tokenizer(cwd, args);
    assertEquals(code, 0);
    assertMatch(stdout, /^300 tokens$/m);
    assertMatch(stdout, /^ {2}0 +"<\|endoftext\|>"$/m);
    assertMatch(stdout, /^ {4}1 █+ 256$/m);
    assertMatch(
      stdout,
      /^Sample: [\d,]+ bytes, [\d,]+ tokens, \d\.\d\d bytes per token$/m,
    );
    const json = JSON.parse((await tokenizer(cwd, [...args, "--json"])).stdout);
    assertEquals([json.vocabularySize, json.specialTokens], [300, { "<|endoftext|>": 0 }]);
    assertEquals(json.longestTokens.length, 10);
    const bytes = (await Deno.stat(`${cwd}/text.txt`)).size;
    assertEquals(json.sample.bytes, bytes);
    assertEquals(json.sample.bytesPerToken, bytes / json.sample.tokens);
    assert(json.sample.unused > 200 && json.sample.unused < 299);
    assertEquals(json.lengths.reduce((sum: number, count: number) => sum + count), 299);
  }));

Deno.test("quern tokenizer: wrong usage and bad files are told in one line", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/bad.json`, '{"model": {"type": "Gram"}}');
    const cases: [args: string[], code: number, says: RegExp][] = [
      [[], 2, /needs one of train, encode, decode, inspect, got ""/],
      [["encod"], 2, /Did you mean "encode"\?/],
      [["encode", "--tokenizer", "byte"], 2, /needs one text, file or -/],
      [["encode", "a"], 2, /needs --tokenizer FILE/],
      [["encode", "--tokenizer", "bad.json", "a"], 1, /model\.type must be one of.*at bad\.json:0/],
      [["decode", "--tokenizer", "byte", "x", "1"], 2, /whole numbers, got "x"/],
      [["decode", "--tokenizer", "byte", "256"], 1, /Cannot decode the token 256/],
      [["train", "--out", "t.json"], 2, /tokenizer train needs --data SOURCE/],
      [["train", "--data", "none.txt"], 1, /none\.txt/],
    ];
    for (const [args, code, says] of cases) {
      const answer = await tokenizer(cwd, args);
      assertEquals(answer.code, code, answer.stderr);
      assertMatch(answer.stderr, says);
      assertEquals([answer.stdout, answer.stderr.trimEnd().split("\n").length], ["", 1]);
    }
    assertEquals([...Deno.readDirSync(cwd)].map(({ name }) => name).sort(), [
      "bad.json",
      "text.txt",
    ]);
  }));
