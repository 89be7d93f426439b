import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, lossesOf, quern, startQuern, TINY } from "./quern.ts";

Deno.test("quern train: leaves a whole run behind and says what to type next", () =>
  inFolder(async (cwd) => {
    const args = [...TINY, "--iterations", "6", "--eval-interval", "3", "--save-interval", "3"];
    const { code, stdout, stderr } = await quern(
      ["train", ...args, "--sample-interval", "3", "--profile", "--out", "run"],
      { cwd },
    );
    assertEquals(code, 0);
    assertMatch(stdout, /^[^]+\n\nThe run is in run\. Next:\n {2}deno task generate --from run\n/);
    const names = await Array.fromAsync(Deno.readDir(`${cwd}/run`), ({ name }) => name);
    assertEquals(names.sort(), [
      ...["checkpoints", "config.json", "data.json", "kernels.json", "log.txt", "loss.svg"],
      ...["metrics.jsonl", "profile.json", "samples.md"],
    ]);
    assertMatch(stderr, /Kernels of iteration 4:\nkernel +count +ms +share +GFLOP\/s +GB\/s\n/);
    const lines = (await Deno.readTextFile(`${cwd}/run/metrics.jsonl`)).trimEnd().split("\n")
      .map((line) => JSON.parse(line));
    assertEquals(lines.map(({ iteration }) => iteration), [1, 2, 3, 3, 4, 5, 6, 6]);
    assertEquals(Object.keys(lines[0]), [
      ...["iteration", "loss", "learningRate", "gradientNorm", "tokensPerSecond", "dataWait"],
    ]);
    assertEquals(Object.keys(lines[3]), ["iteration", "validationLoss"]);
    const checkpoint = `${cwd}/run/checkpoints/step-000006`;
    for (const name of ["config.json", "model.safetensors", "tokenizer.json"]) {
      assert((await Deno.stat(`${checkpoint}/${name}`)).size > 0);
    }
  }));

Deno.test("quern train: --json prints each event as a line; --config takes a run's config.json", () =>
  inFolder(async (cwd) => {
    await quern(["train", ...TINY, "--iterations", "2", "--out", "first"], { cwd });
    const again = ["--config", "first/config.json", "--out", "second", "--json"];
    const { code, stdout } = await quern(["train", ...again], { cwd });
    assertEquals(code, 0);
    const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line).type);
    assertEquals(events, ["start", "step", "step", "evaluation", "checkpoint", "end"]);
    assertEquals(await lossesOf(`${cwd}/second`), await lossesOf(`${cwd}/first`));
  }));

Deno.test("quern train --resume: after kill -9 all losses are those of a run never killed", () =>
  inFolder(async (cwd) => {
    const args = ["train", ...TINY, "--iterations", "60", "--save-interval", "10"];
    await quern([...args, "--out", "whole"], { cwd });
    const child = startQuern([...args, "--out", "killed", "--json"], { cwd });
    // Killed somewhere after its second checkpoint.
    let seen = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      seen += text;
      if (seen.includes("step-000020")) break;
    }
    child.kill("SIGKILL");
    await child.status;
    await child.stderr.cancel();
    const { code, stderr } = await quern([...args, "--out", "killed", "--resume"], { cwd });
    assertEquals(code, 0);
    assertMatch(stderr, /going on after iteration [2-5]0/);
    assertEquals(await lossesOf(`${cwd}/killed`), await lossesOf(`${cwd}/whole`));
  }));

Deno.test("quern train: Ctrl-C finishes the iteration, saves, says how to resume, exits 130", () =>
  inFolder(async (cwd) => {
    const args = ["train", ...TINY, "--iterations", "5000", "--save-interval", "0", "--out", "run"];
    const child = startQuern([...args, "--eval-interval", "0", "--json"], { cwd });
    const stderr = new Response(child.stderr).text();
    let interrupted = false;
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      if (!interrupted && text.includes('"step"')) child.kill("SIGINT");
      interrupted ||= text.includes('"step"');
    }
    assertEquals((await child.status).code, 130);
    assertStringIncludes(await stderr, "Go on with: deno task train --out run --resume");
    const last = (await lossesOf(`${cwd}/run`)).size;
    const [checkpoint] = await Array.fromAsync(
      Deno.readDir(`${cwd}/run/checkpoints`),
      ({ name }) => Number(name.slice("step-".length)),
    );
    assertEquals(checkpoint, last);
  }));

Deno.test("quern train --recompute --precision f16: stand in the run's config, and --resume honours them", () =>
  inFolder(async (cwd) => {
    const args = ["train", ...TINY, "--iterations", "2", "--out", "run"];
    const memory = ["--recompute", "--precision", "f16"];
    assertEquals((await quern([...args, ...memory], { cwd })).code, 0);
    const resumed = ["train", "--out", "run", "--resume", "--iterations", "3"];
    assertEquals((await quern(resumed, { cwd })).code, 0);
    const { recompute, precision } = JSON.parse(
      await Deno.readTextFile(`${cwd}/run/config.json`),
    );
    assertEquals([recompute, precision], [true, "f16"]);
    const lines = (await Deno.readTextFile(`${cwd}/run/metrics.jsonl`)).trimEnd().split("\n");
    const steps = lines.map((line) => JSON.parse(line)).filter(({ loss }) => loss !== undefined);
    assertEquals(steps.map(({ skippedSteps }) => skippedSteps), [0, 0, 0]);
  }));

Deno.test("quern train --resume: with no checkpoint yet it starts from the start", () =>
  inFolder(async (cwd) => {
    const args = ["train", ...TINY, "--iterations", "3", "--out", "run"];
    await quern(args, { cwd });
    const first = await lossesOf(`${cwd}/run`);
    await Deno.remove(`${cwd}/run/checkpoints`, { recursive: true });
    assertEquals((await quern([...args, "--resume"], { cwd })).code, 0);
    assertEquals(await lossesOf(`${cwd}/run`), first);
  }));

Deno.test("quern train --from: takes weights, shape and tokenizer of another run", () =>
  inFolder(async (cwd) => {
    await quern(["train", ...TINY, "--iterations", "30", "--out", "base"], { cwd });
    const more = ["--data", "text.txt", "--batch-size", "4", "--iterations", "1"];
    const { code } = await quern(["train", ...more, "--from", "base", "--out", "next"], { cwd });
    assertEquals(code, 0);
    const [base, next] = [await lossesOf(`${cwd}/base`), await lossesOf(`${cwd}/next`)];
    assert(next.get(1)! < base.get(1)! - 0.3, `${next.get(1)} after ${base.get(1)}`);
    const other = await quern(
      ["train", ...more, "--from", "base", "--channels", "32", "--heads", "4", "--out", "x"],
      { cwd },
    );
    assertEquals(other.code, 1);
    assertMatch(other.stderr, /channels.*32.*16|channels.*16.*32/);
  }));

Deno.test("quern train --data -: keeps a copy of standard input and resumes from it", () =>
  inFolder(async (cwd) => {
    const stdin = await Deno.readTextFile(`${cwd}/text.txt`);
    const args = ["train", ...TINY.slice(0, -1), "-", "--iterations", "3", "--out", "run"];
    assertEquals((await quern(args, { cwd, stdin })).code, 0);
    assertEquals(await Deno.readTextFile(`${cwd}/run/data.txt`), stdin);
    const first = await lossesOf(`${cwd}/run`);
    await Deno.remove(`${cwd}/run/checkpoints`, { recursive: true });
    assertEquals((await quern(["train", "--out", "run", "--resume"], { cwd })).code, 0);
    assertEquals(await lossesOf(`${cwd}/run`), first);
  }));

Deno.test("quern train: with no --data it learns what `deno types` prints, and keeps a copy", () =>
  inFolder(async (cwd) => {
    const args = [...TINY.slice(2, -2), "--iterations", "2", "--out", "run"];
    assertEquals((await quern(["train", ...args], { cwd })).code, 0);
    const copy = await Deno.readFile(`${cwd}/run/data.txt`);
    const { stdout } = await new Deno.Command("deno", { args: ["types"] }).output();
    assertEquals(copy.length, stdout.length);
    const hash = await crypto.subtle.digest("SHA-256", stdout);
    const [file] = JSON.parse(await Deno.readTextFile(`${cwd}/run/data.json`));
    assertEquals(file, { path: "run/data.txt", sha256: new Uint8Array(hash).toHex() });
    const refused = await quern(["train", ...args.slice(0, -1), "other"], {
      cwd,
      permissions: ["--allow-write"],
    });
    assertEquals(refused.code, 1);
    assertMatch(refused.stderr, /`deno types` cannot be run here .*Name a text with --data FILE\./);
  }));

const BAD: { given: string; args: string[]; file?: Uint8Array; code: number; says: RegExp }[] = [
  {
    given: "channels not divisible by heads",
    args: ["--heads", "3"],
    code: 1,
    says: /channels must be divisible by heads, got 16 channels and 3 heads/,
  },
  {
    given: "text shorter than one row",
    args: ["--data", "bad", "--validation-fraction", "0"],
    file: new TextEncoder().encode("short"),
    code: 1,
    says: /row of 9 tokens .* the text has only 5; give more text/,
  },
  {
    given: "an empty file",
    args: ["--data", "bad"],
    file: new Uint8Array(),
    code: 1,
    says: /wanted some, got an empty file, at bad:0/,
  },
  {
    given: "a file that is not there",
    args: ["--data", "missing.txt"],
    code: 1,
    says: /missing\.txt/,
  },
  {
    given: "invalid UTF-8",
    args: ["--data", "bad"],
    file: Uint8Array.of(0x61, 0x62, 0xff, 0x63),
    code: 1,
    says: /UTF-8.* at bad:2/,
  },
  {
    given: "an unknown option",
    args: ["--iteration", "3"],
    code: 2,
    says: /Unknown option --iteration\. Did you mean "--iterations"\?/,
  },
  {
    given: "a value out of range",
    args: ["--dropout", "1"],
    code: 2,
    says: /--dropout must be a number at least 0 and below 1, got 1/,
  },
  {
    given: "a tokenizer that does not exist",
    args: ["--tokenizer", "words"],
    code: 1,
    says: /Cannot read the tokenizer.* at words:0/,
  },
  {
    given: "a model that does not exist",
    args: ["--from", "nowhere"],
    code: 1,
    says: /nowhere/,
  },
];

Deno.test("quern train: bad input is one sentence, and leaves nothing behind", async (t) => {
  for (const { given, args, file, code, says } of BAD) {
    await t.step(given, () =>
      inFolder(async (cwd) => {
        if (file) await Deno.writeFile(`${cwd}/bad`, file);
        const data = args[0] === "--data" ? TINY.slice(0, -2) : TINY;
        const answer = await quern(["train", ...data, ...args, "--out", "run"], { cwd });
        assertEquals(answer.code, code, answer.stderr);
        assertMatch(answer.stderr, says);
        assertMatch(answer.stderr, /^quern: [^\n]+\n$/);
        const names = await Array.fromAsync(Deno.readDir(cwd), ({ name }) => name);
        assertEquals(names.sort(), file ? ["bad", "text.txt"] : ["text.txt"]);
      }));
  }
});

Deno.test("quern train: a folder that holds a run is never overwritten", () =>
  inFolder(async (cwd) => {
    const args = ["train", ...TINY, "--iterations", "2", "--out", "run"];
    await quern(args, { cwd });
    const before = await Deno.readTextFile(`${cwd}/run/metrics.jsonl`);
    const { code, stderr } = await quern(args, { cwd });
    assertEquals(code, 1);
    assertStringIncludes(stderr, "it already holds one. Add --resume");
    assertEquals(await Deno.readTextFile(`${cwd}/run/metrics.jsonl`), before);
  }));

Deno.test("quern train: a character the checkpoint's tokenizer lacks is named", () =>
  inFolder(async (cwd) => {
    await quern(["train", ...TINY, "--iterations", "1", "--out", "run"], { cwd });
    await Deno.writeTextFile(`${cwd}/other.txt`, "the quick Ω ".repeat(20));
    const args = ["train", "--data", "other.txt", "--from", "run", "--out", "next"];
    const { code, stderr } = await quern(args, { cwd });
    assertEquals(code, 1);
    assertMatch(stderr, /U\+03A9 .* at index 10 of the text/);
  }));

Deno.test("quern train: a loss that is no number names the iteration and the last checkpoint", () =>
  inFolder(async (cwd) => {
    const args = ["--iterations", "60", "--save-interval", "1", "--warmup-iterations", "3"];
    const wild = ["--learning-rate", "1e30", "--gradient-clip", "0"];
    const { code, stderr } = await quern(["train", ...TINY, ...args, ...wild, "--out", "run"], {
      cwd,
    });
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /The (loss|gradient norm) became \S+ at iteration \d+; the last good checkpoint is run\/checkpoints\/step-\d{6}\./,
    );
  }));
