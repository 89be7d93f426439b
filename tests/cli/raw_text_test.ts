import { assert, assertEquals, assertMatch } from "@std/assert";
import { inFolder, lossesOf, quern, startQuern } from "./quern.ts";

/** A tiny model, and no more of anything than it takes. */
const SMALL: readonly string[] = [
  ...["train", "--tokenizer", "byte", "--layers", "1", "--heads", "2", "--channels", "16"],
  ...["--context", "8", "--batch-size", "4", "--learning-rate", "0.01", "--eval-batches", "4"],
  ...["--sample-interval", "0"],
];

/** Writes a text of so many bytes, which changes slowly from its beginning to its end. */
async function writeText(path: string, bytes: number): Promise<void> {
  const line = (i: number) => `${"abcdefghijk"[Math.floor(10 * i / bytes)]?.repeat(9)} ${i}\n`;
  using file = await Deno.open(path, { write: true, create: true });
  for (let i = 0; i < bytes;) {
    let block = "";
    while (block.length < 1 << 16) block += line(i + block.length);
    i += await file.write(new TextEncoder().encode(block));
  }
}

Deno.test("quern train: text of more than 16,777,216 tokens is read while training, resume is exact", () =>
  inFolder(async (cwd) => {
    await writeText(`${cwd}/large.txt`, 17e6);
    const args = [...SMALL, "--data", "large.txt", "--iterations", "60", "--save-interval", "10"];
    const whole = await quern([...args, "--out", "whole"], { cwd });
    assertEquals(whole.code, 0, whole.stderr);
    assertMatch(
      whole.stderr,
      /^large\.txt is tokenized while it is read; its tokens are kept in whole\/tokens\/0\n/,
    );
    assertMatch(whole.stderr, / · data wait \d+\.\d% · /);
    assertMatch(whole.stderr, /^large\.txt: 240 rows, in the first epoch$/m);
    // Two windows of three shards, and not all of the text.
    const { size } = await Deno.stat(`${cwd}/whole/tokens/0/tokens`);
    assert(size >= 6 * 4 * 2 ** 20 && size < 7 * 4 * 2 ** 20, `${size} bytes of tokens`);
    const [file] = JSON.parse(await Deno.readTextFile(`${cwd}/whole/data.json`));
    assertEquals([file.path, file.size], ["large.txt", (await Deno.stat(`${cwd}/large.txt`)).size]);

    const child = startQuern([...args, "--out", "killed", "--json"], { cwd });
    let seen = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      seen += text;
      if (seen.includes("step-000010")) break;
    }
    child.kill("SIGKILL");
    await child.status;
    await child.stderr.cancel();
    const resumed = await quern(["train", "--out", "killed", "--resume"], { cwd });
    assertEquals(resumed.code, 0, resumed.stderr);
    assertEquals(await lossesOf(`${cwd}/killed`), await lossesOf(`${cwd}/whole`));

    await Deno.writeTextFile(`${cwd}/large.txt`, "x", { append: true });
    const more = ["train", "--out", "whole", "--resume", "--iterations", "70"];
    const changed = await quern(more, { cwd });
    assertEquals(changed.code, 1);
    assertMatch(changed.stderr, /the data has changed since the run began \(large\.txt\)/);
  }));

Deno.test("quern train: large text is mixed by weights; where rows must be known it is read first", () =>
  inFolder(async (cwd) => {
    await writeText(`${cwd}/large.txt`, 17e6);
    const args = [...SMALL, "--iterations", "25"];
    const mixed = await quern(
      [...args, "--data", "large.txt=0.7", "--data", "text.txt=0.3", "--out", "mixed"],
      { cwd },
    );
    assertEquals(mixed.code, 0, mixed.stderr);
    assertMatch(mixed.stderr, /^large\.txt: 70 rows, in the first epoch$/m);
    assertMatch(mixed.stderr, /^text\.txt: 30 rows, 0\.03 epochs$/m);
    const capped = await quern(
      [...args, "--data", "large.txt", "--max-epochs", "0.00004", "--out", "capped"],
      { cwd },
    );
    assertEquals(capped.code, 1);
    assertMatch(
      capped.stderr,
      /\nTokenizing large\.txt to its end before training, since its number of rows is needed …\n/,
    );
    assertMatch(capped.stderr, /the sources have only 21 within --max-epochs/);
  }));
