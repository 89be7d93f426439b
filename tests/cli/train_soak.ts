/** Runs of minutes: a training killed again and again, and one whose memory is watched. */
import { assert, assertEquals } from "@std/assert";
import { inFolder, lossesOf, quern, startQuern, TINY } from "./quern.ts";

Deno.test("quern train --resume: killed at any moment, again and again, it ends with the same losses", () =>
  inFolder(async (cwd) => {
    const args = ["train", ...TINY, "--iterations", "3000", "--save-interval", "50"];
    await quern([...args, "--out", "whole"], { cwd });
    let kills = 0;
    for (let done = false; !done; kills++) {
      const child = startQuern([...args, "--out", "killed", ...(kills ? ["--resume"] : [])], {
        cwd,
      });
      const timer = setTimeout(() => child.kill("SIGKILL"), 100 + Math.random() * 2000);
      const [status] = await Promise.all([
        child.status,
        child.stdout.pipeTo(new WritableStream()),
        child.stderr.pipeTo(new WritableStream()),
      ]);
      clearTimeout(timer);
      done = status.success;
    }
    assert(kills > 3, `only ${kills} kills`);
    assertEquals(await lossesOf(`${cwd}/killed`), await lossesOf(`${cwd}/whole`));
  }));

Deno.test({
  name: "quern train: resident memory after step 2,000 is within 50 MB of that after step 200",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (cwd) => {
      const args = ["train", "--model", "nano", "--data", "text.txt", "--tokenizer", "char"];
      const child = startQuern([...args, "--iterations", "2000", "--out", "run", "--json"], {
        cwd,
      });
      child.stderr.pipeTo(new WritableStream());
      const memory = new Map<number, number>();
      let rest = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const { type, iteration } of lines.map((line) => JSON.parse(line))) {
          if (type !== "step" || (iteration !== 200 && iteration !== 1990)) continue;
          memory.set(iteration, await residentBytes(child.pid));
        }
      }
      assertEquals((await child.status).code, 0);
      const grown = memory.get(1990)! - memory.get(200)!;
      assert(grown < 50e6, `grew by ${grown} bytes`);
    }),
});

/** Resident memory of a process, in bytes. */
async function residentBytes(pid: number): Promise<number> {
  const ps = new Deno.Command("ps", { args: ["-o", "rss=", "-p", `${pid}`] });
  const kibibytes = Number(new TextDecoder().decode((await ps.output()).stdout));
  assert(kibibytes > 0, `ps knows no process ${pid}`);
  return 1024 * kibibytes;
}
