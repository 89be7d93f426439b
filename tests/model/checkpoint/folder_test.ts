import { assertEquals, assertRejects } from "@std/assert";
import { checkpointFolder, listCheckpoints, writeFolder } from "../../../model/checkpoint/mod.ts";
import { fill, inRun, iterations, names, save } from "./run.ts";

Deno.test("writeFolder: until it is whole nothing is at its place", () =>
  inRun(async (run) => {
    await save(run, 1);
    const target = checkpointFolder(run, 2);
    await writeFolder(target, async (temporary) => {
      await fill(temporary, { iteration: 2 });
      await Deno.mkdir(`${temporary}/sub`);
      await Deno.writeTextFile(`${temporary}/sub/x`, "x");
      assertEquals(await iterations(run), [1]);
    });
    assertEquals(await iterations(run), [1, 2]);
    assertEquals(await Deno.readTextFile(`${target}/sub/x`), "x");
    assertEquals(await names(`${run}/checkpoints`), ["step-000001", "step-000002"]);
  }));

Deno.test("writeFolder: an error leaves the others and no rest", () =>
  inRun(async (run) => {
    await save(run, 1);
    const failing = (error: Error) =>
      writeFolder(checkpointFolder(run, 2), async (temporary) => {
        await fill(temporary, { iteration: 2 });
        throw error;
      });
    // An error that is not the disk's is handed on as it is.
    const lost = new RangeError("device lost");
    assertEquals(await failing(lost).catch((error) => error), lost);
    const full = Object.assign(new Error("No space left"), { code: "ENOSPC" });
    await assertRejects(() => failing(full), Error, "the disk is full");
    await assertRejects(() => failing(full), Error, "earlier checkpoints are kept");
    assertEquals(await names(`${run}/checkpoints`), ["step-000001"]);
    assertEquals(await iterations(run), [1]);
  }));

Deno.test("writeFolder: what a kill left is never picked and removed by the next write", () =>
  inRun(async (run) => {
    await save(run, 1);
    for (const left of [".step-000002.partial", ".step-000000.removed.partial"]) {
      await Deno.mkdir(`${run}/checkpoints/${left}`);
      await fill(`${run}/checkpoints/${left}`, { iteration: 2 });
    }
    await Deno.mkdir(`${run}/checkpoints/.other.partial`);
    assertEquals(await iterations(run), [1]);
    await save(run, 3);
    assertEquals(await names(`${run}/checkpoints`), [
      ".other.partial",
      "step-000001",
      "step-000003",
    ]);
  }));

Deno.test("writeFolder: replaces a folder only where it may", () =>
  inRun(async (run) => {
    await save(run, 1);
    await assertRejects(() => save(run, 1), Deno.errors.AlreadyExists, "exists already");
    const again = (folder: string) => fill(folder, { iteration: 1, validationLoss: 5 });
    await writeFolder(checkpointFolder(run, 1), again, { replace: true });
    assertEquals((await listCheckpoints(run))[0].validationLoss, 5);
    assertEquals(await names(`${run}/checkpoints`), ["step-000001"]);
  }));
