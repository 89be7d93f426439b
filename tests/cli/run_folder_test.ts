import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createRun, newestRun, readRunConfig, writeRunConfig } from "../../cli/run_folder.ts";

async function inTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("createRun: makes the folder and writes every option", () =>
  inTemporaryFolder(async (root) => {
    const options = { model: "nano", data: ["a"], learningRate: 1e-3 };
    const folder = await createRun(`${root}/deep/x`, options);
    assertEquals(folder, `${root}/deep/x`);
    assertEquals(await readRunConfig(folder), options);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(names, ["config.json"]);
  }));

Deno.test("createRun: an empty folder will do, one with a run never", () =>
  inTemporaryFolder(async (root) => {
    await createRun(root, { model: "nano", seed: 1 });
    await assertRejects(
      () => createRun(root, { model: "nano", seed: 2 }),
      Error,
      "it already holds one. Add --resume",
    );
    assertEquals(await readRunConfig(root), { model: "nano", seed: 1 });
    await Deno.mkdir(`${root}/other/checkpoints`, { recursive: true });
    await assertRejects(() => createRun(`${root}/other`, { model: "nano" }), Error, "--resume");
    await Deno.writeTextFile(`${root}/file`, "");
    await assertRejects(() => createRun(`${root}/file`, { model: "nano" }), Error, `${root}/file`);
  }));

Deno.test("createRun: without --out a name of its own in runs/", () =>
  inTemporaryFolder(async (root) => {
    const before = Deno.cwd();
    Deno.chdir(root);
    try {
      const [first, second] = [
        await createRun(undefined, { model: "micro" }),
        await createRun(undefined, { model: "micro" }),
      ];
      assertMatch(first, /^runs\/micro-\d{8}-\d{6}$/);
      assertEquals(first === second, false);
    } finally {
      Deno.chdir(before);
    }
  }));

Deno.test("newestRun: the run whose configuration was written last", () =>
  inTemporaryFolder(async (root) => {
    assertEquals(await newestRun(`${root}/none`), undefined);
    assertEquals(await newestRun(root), undefined);
    for (const [i, name] of ["b", "c", "a"].entries()) {
      await createRun(`${root}/${name}`, { model: "nano" });
      await Deno.utime(`${root}/${name}/config.json`, 1000 + i, 1000 + i);
    }
    await Deno.mkdir(`${root}/no-run`);
    await Deno.writeTextFile(`${root}/file`, "");
    assertEquals(await newestRun(root), `${root}/a`);
    await writeRunConfig(`${root}/b`, { model: "nano" });
    assertEquals(await newestRun(root), `${root}/b`);
  }));

Deno.test("readRunConfig: undefined where a run was killed at its start, an error where it is damaged", () =>
  inTemporaryFolder(async (root) => {
    assertEquals(await readRunConfig(`${root}/none`), undefined);
    assertEquals(await readRunConfig(root), undefined);
    await Deno.writeTextFile(`${root}/config.json`, "{");
    await assertRejects(() => readRunConfig(root), Error, `Cannot read ${root}/config.json`);
  }));
