import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, quern, startQuern, TINY } from "./quern.ts";

const TRAIN = ["train", ...TINY, "--tokenizer", "byte", "--context", "64", "--iterations", "20"];
const CHAT = ["chat", "--tokens", "8"];

Deno.test("quern chat: a line is a turn, the same seed is the same talk, what does not fit is told", () =>
  inFolder(async (cwd) => {
    await quern([...TRAIN, "--out", "runs/a"], { cwd });
    const options = { cwd, permissions: [] };
    const talk = (stdin: string, ...more: string[]) =>
      quern([...CHAT, ...more], { ...options, stdin });
    const first = await talk("hello\n\nwho are you?\n/bye\nnever said\n");
    assertEquals(first.code, 0);
    assertStringIncludes(first.stderr, "/bye or Ctrl-D ends");
    assertEquals((await talk("hello\n\nwho are you?\n")).stdout, first.stdout);
    assert((await talk("hello\nwho are you?\n", "--seed", "9")).stdout !== first.stdout);
    const system = await talk("hello\n", "--system", "the quick brown fox");
    assert(!first.stdout.startsWith(system.stdout));
    const long = await talk(`${"word ".repeat(20)}\n/new\nhello\n`);
    assertEquals(long.code, 0);
    assertMatch(long.stderr, /Cannot answer: this makes a prompt of \d+ tokens/);
    const many = await talk("one two\nthree four\nfive six\nseven eight\n");
    assertStringIncludes(many.stderr, "The oldest turns are forgotten");
  }));

Deno.test("quern chat: Ctrl-C while nobody answers ends it with 130", () =>
  inFolder(async (cwd) => {
    await quern([...TRAIN, "--out", "runs/a"], { cwd });
    const child = startQuern(CHAT, { cwd, permissions: [], stdin: "" });
    const errors = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    await errors.read(); // the note that the talk begins with
    child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
    await Promise.all([errors.cancel(), child.stdout.cancel(), child.stdin.close()]);
  }));
