import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, lossesOf, quern, startQuern, TINY } from "./quern.ts";

/** A tiny model that takes tokenizer, context and data from its sources. */
const SMALL: readonly string[] = [
  ...["--layers", "1", "--heads", "2", "--channels", "16", "--batch-size", "4"],
  ...["--learning-rate", "0.01", "--eval-batches", "4", "--sample-interval", "0"],
];

/** Prepares `text.txt` as shards of rows of 8 tokens. */
async function prepare(cwd: string, out: string, more: string[] = []): Promise<void> {
  const args = ["--data", "text.txt", "--separator", "\n", "--tokenizer", "byte", "--context", "8"];
  const answer = await quern(
    ["prepare", ...args, "--dedup", "none", "--shard-bytes", "2048", "--out", out, ...more],
    { cwd, permissions: ["--allow-write"] },
  );
  assertEquals(answer.code, 0, answer.stderr);
}

async function metricsOf(run: string): Promise<Record<string, number>[]> {
  const lines = (await Deno.readTextFile(run + "/metrics.jsonl")).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

Deno.test("quern train --data SHARDS: context and tokenizer are the shards', resume is exact", () =>
  inFolder(async (cwd) => {
    await prepare(cwd, "corpus");
    const args = ["train", ...SMALL, "--data", "corpus", "--iterations", "60"];
    const whole = await quern([...args, "--save-interval", "10", "--out", "whole"], { cwd });
    assertEquals(whole.code, 0, whole.stderr);
    assertMatch(whole.stderr, /corpus: 240 rows, 0\.\d\d epochs\n/);
    assertMatch(whole.stderr, / · data wait \d+\.\d% · /);
    const config = JSON.parse(await Deno.readTextFile(`${cwd}/whole/config.json`));
    assertEquals([config.context, config.data], [8, ["corpus"]]);
    const child = startQuern(
      [...args, "--save-interval", "10", "--out", "killed", "--json"],
      { cwd },
    );
    let seen = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      seen += text;
      if (seen.includes("step-000020")) break;
    }
    child.kill("SIGKILL");
    await child.status;
    await child.stderr.cancel();
    const resumed = await quern(["train", "--out", "killed", "--resume"], { cwd });
    assertEquals(resumed.code, 0, resumed.stderr);
    assertMatch(resumed.stderr, /going on after iteration [2-5]0/);
    assertEquals(await lossesOf(`${cwd}/killed`), await lossesOf(`${cwd}/whole`));
    const losses = [...(await lossesOf(`${cwd}/whole`)).values()];
    assert(losses[59] < losses[0] - 1, `${losses[59]} after ${losses[0]}`);
    const { code, stdout } = await quern(
      ["eval", "--from", "whole", "--data", "corpus", "--json"],
      { cwd, permissions: [] },
    );
    assertEquals(code, 0);
    const { rows } = JSON.parse(await Deno.readTextFile(`${cwd}/corpus/manifest.json`));
    assertEquals(JSON.parse(stdout).tokens, rows * 8);
  }));

Deno.test("quern train --data SHARDS: validates on the corpus' split, on --val-data, or on its end", () =>
  inFolder(async (cwd) => {
    await prepare(cwd, "split", ["--validation-fraction", "0.2"]);
    await prepare(cwd, "plain");
    const run = async (out: string, ...more: string[]) => {
      const args = ["train", ...SMALL, "--eval-batches", "100000", "--iterations", "2"];
      const answer = await quern([...args, ...more, "--out", out], { cwd });
      assertEquals(answer.code, 0, answer.stderr);
      return (await metricsOf(`${cwd}/${out}`)).at(-1)!.validationLoss;
    };
    const evaluate = async (from: string, data: string) => {
      const args = ["eval", "--from", from, "--data", data, "--json"];
      const { stdout } = await quern(args, { cwd, permissions: [] });
      return JSON.parse(stdout).loss;
    };
    const close = (a: number, b: number) => assert(Math.abs(a - b) < 1e-5, `${a} and ${b}`);
    close(await run("a", "--data", "split"), await evaluate("a", "split"));
    close(
      await run("b", "--data", "plain", "--val-data", "split"),
      await evaluate("b", "split/train"),
    );
    const held = await run("c", "--data", "plain", "--validation-fraction", "0.5");
    assert(Math.abs(held - await evaluate("c", "plain")) > 1e-5);
    assertEquals(
      await run("d", "--data", "plain", "--validation-fraction", "0", "--order", "sequential"),
      undefined,
    );
  }));

Deno.test("quern train --data PATH=WEIGHT: shards and text are mixed in those shares", () =>
  inFolder(async (cwd) => {
    await prepare(cwd, "corpus");
    const args = ["train", ...SMALL, "--iterations", "25", "--shuffle", "full"];
    const mixed = await quern(
      [...args, "--data", "corpus=0.7", "--data", "text.txt=0.3", "--out", "mixed"],
      { cwd },
    );
    assertEquals(mixed.code, 0, mixed.stderr);
    assertStringIncludes(mixed.stderr, "corpus: 70 rows");
    assertStringIncludes(mixed.stderr, "text.txt: 30 rows");
    assertStringIncludes(await Deno.readTextFile(`${cwd}/mixed/log.txt`), "corpus: 70 rows");
    const first = await lossesOf(`${cwd}/mixed`);
    await Deno.remove(`${cwd}/mixed/checkpoints`, { recursive: true });
    assertEquals((await quern(["train", "--out", "mixed", "--resume"], { cwd })).code, 0);
    assertEquals(await lossesOf(`${cwd}/mixed`), first);
    const capped = await quern(
      [...args, "--data", "corpus", "--max-epochs", "0.02", "--out", "capped"],
      { cwd },
    );
    assertEquals(capped.code, 1);
    assertMatch(
      capped.stderr,
      /Cannot train on 25 batches: the sources have only \d+ within --max-/,
    );
  }));

Deno.test("quern train --data: documents of any format are joined as text", () =>
  inFolder(async (cwd) => {
    const lines = (await Deno.readTextFile(`${cwd}/text.txt`)).trimEnd().split("\n");
    const jsonl = lines.map((text) => JSON.stringify({ body: text }) + "\n").join("");
    const gzip = new Blob([jsonl]).stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(`${cwd}/lines.jsonl.gz`, gzip);
    await Deno.writeTextFile(`${cwd}/joined.txt`, lines.join(""));
    const args = ["train", ...TINY.slice(0, -2), "--iterations", "3", "--text-field", "body"];
    for (const data of ["lines.jsonl.gz", "joined.txt"]) {
      const { code, stderr } = await quern([...args, "--data", data, "--out", `of ${data}`], {
        cwd,
      });
      assertEquals(code, 0, stderr);
    }
    assertEquals(
      await lossesOf(`${cwd}/of lines.jsonl.gz`),
      await lossesOf(`${cwd}/of joined.txt`),
    );
  }));

Deno.test("quern train --data SHARDS: what does not fit is one sentence", () =>
  inFolder(async (cwd) => {
    await prepare(cwd, "corpus");
    await Deno.mkdir(`${cwd}/unfinished/.prepare`, { recursive: true });
    await Deno.writeFile(`${cwd}/foreign.bin`, new Uint8Array(2000));
    const cases: [args: string[], code: number, says: RegExp][] = [
      [
        ["--data", "corpus", "--context", "16"],
        1,
        /Cannot open corpus: wanted rows of context 16, got shards of context 8; /,
      ],
      [["--data", "corpus=0"], 2, /--data corpus=0: a weight must be a number above 0, got 0\./],
      [["--data", "corpus=0.7", "--data", "text.txt"], 1, /wanted a weight for each set, or none/],
      [["--data", "corpus", "--data", "-"], 1, /standard input .* can be trained on alone only/],
      [
        ["--data", "corpus", "--shuffle", "all"],
        2,
        /--shuffle must be one of blocks, full, got "all"/,
      ],
      [["--data", "unfinished"], 1, /has not come to its end here; run it again.* at unfinished:0/],
      [["--data", "foreign.bin"], 1, /no tokenizer\.json; name the tokenizer .* --tokenizer FILE/],
    ];
    for (const [args, code, says] of cases) {
      const answer = await quern(["train", ...SMALL, ...args, "--out", "run"], { cwd });
      assertMatch(answer.stderr, says);
      assertMatch(answer.stderr, /^quern: [^\n]+\n$/);
      assertEquals(answer.code, code);
    }
  }));

Deno.test("quern train --data SHARDS: a damaged shard ends the run with its path", () =>
  inFolder(async (cwd) => {
    await prepare(cwd, "corpus");
    const path = `${cwd}/corpus/shard.00001.mds.zstd`;
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.with(bytes.length >> 1, bytes[bytes.length >> 1] ^ 1));
    const args = ["train", ...SMALL, "--data", "corpus", "--iterations", "500", "--out", "run"];
    const { code, stderr } = await quern(args, { cwd });
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /wanted sha256 \w+, got \w+; it is damaged.* at corpus\/shard\.00001\.mds\.zstd:0/,
    );
  }));

Deno.test("quern train --resume: shards that changed since are refused", () =>
  inFolder(async (cwd) => {
    await prepare(cwd, "corpus");
    await quern(["train", ...SMALL, "--data", "corpus", "--iterations", "2", "--out", "run"], {
      cwd,
    });
    await Deno.remove(`${cwd}/corpus`, { recursive: true });
    await Deno.writeTextFile(`${cwd}/text.txt`, "another text\n".repeat(300));
    await prepare(cwd, "corpus");
    const { code, stderr } = await quern(
      ["train", "--out", "run", "--resume", "--iterations", "4"],
      { cwd },
    );
    assertEquals(code, 1);
    assertMatch(stderr, /Cannot resume: the data has changed since the run began \(corpus\)/);
  }));

Deno.test("quern train --document-mask: on shards that tell documents, and on no others", () =>
  inFolder(async (cwd) => {
    await prepare(cwd, "whole", ["--packing", "best-fit"]);
    await prepare(cwd, "cut");
    // Rows of several documents are packed last: among the first of a shuffle, and not held out.
    const rows = ["--shuffle", "full", "--validation-fraction", "0", "--iterations", "20"];
    const args = ["train", ...SMALL, ...rows, "--document-mask"];
    const train = (data: string, out: string, more: string[] = []) =>
      quern([...args, "--data", data, "--out", out, ...more], { cwd });
    for (const [out, more] of [["masked", []], ["anew", ["--restart-positions"]]] as const) {
      const { code, stderr } = await train("whole", out, [...more]);
      assertEquals(code, 0, stderr);
    }
    const [masked, anew] = [await lossesOf(`${cwd}/masked`), await lossesOf(`${cwd}/anew`)];
    assert(masked.get(20) !== anew.get(20), `${masked.get(20)} both`);
    const cut = await train("cut", "refused");
    assertMatch(
      cut.stderr,
      /Cannot make batches: wanted shards with document ids, got none in cut/,
    );
    const text = await train("text.txt", "refused");
    assertMatch(text.stderr, /Cannot mask documents: text does not tell where they begin/);
    assertEquals([cut.code, text.code], [1, 1]);
    const plain = ["train", ...SMALL, "--data", "cut", "--restart-positions", "--out", "refused"];
    const { stderr } = await quern(plain, { cwd });
    assertMatch(stderr, /Cannot train: --restart-positions goes with --document-mask only/);
  }));
