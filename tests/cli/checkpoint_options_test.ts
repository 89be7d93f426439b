import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMIT, startHub } from "../data/sources/hub/server.ts";
import { inFolder, quern, TINY } from "./quern.ts";

Deno.test("--from hf:OWNER/NAME: fetched once, its commit told and recorded", () =>
  inFolder(async (cwd) => {
    await quern(["train", ...TINY, "--iterations", "2", "--out", "run"], { cwd });
    await quern(["export", "--from", "run", "--out", "mill"], { cwd });
    const files: Record<string, Uint8Array> = {};
    for await (const { name } of Deno.readDir(`${cwd}/mill`)) {
      files[name] = await Deno.readFile(`${cwd}/mill/${name}`);
    }
    await using hub = startHub({ repositories: { "owner/mill": files } });
    Deno.env.set("HF_ENDPOINT", hub.url);
    Deno.env.set("HF_HOME", `${cwd}/home`);
    try {
      const permissions = [
        "--allow-write",
        "--allow-env",
        "--allow-net=127.0.0.1",
        "--allow-run=deno",
      ];
      const run = (...args: string[]) => quern(args, { cwd, permissions });
      const facts = await run("import", "hf:owner/mill");
      assertEquals(facts.code, 0, facts.stderr);
      assertStringIncludes(facts.stderr, `hf:owner/mill: commit ${COMMIT}`);
      assertStringIncludes(facts.stdout, `models--owner--mill/snapshots/${COMMIT}`);
      const more = ["--data", "text.txt", "--iterations", "2", "--out", "more", "--context", "8"];
      const tuned = await run(
        "train",
        "--from",
        "hf:owner/mill@main",
        ...more,
        "--sample-interval",
        "0",
      );
      assertEquals(tuned.code, 0, tuned.stderr);
      const { from } = JSON.parse(await Deno.readTextFile(`${cwd}/more/config.json`));
      assertMatch(from, new RegExp(`snapshots/${COMMIT}$`));
      const missing = await run("generate", "--from", "hf:owner/none", "--prompt", "the");
      assertEquals([missing.code, missing.stdout], [1, ""]);
      assertMatch(missing.stderr, /Cannot find the model: the hub at .* has none of that name/);
    } finally {
      Deno.env.delete("HF_ENDPOINT");
      Deno.env.delete("HF_HOME");
    }
  }));
