import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  checkpointFolder,
  findCheckpoint,
  listCheckpoints,
  pruneCheckpoints,
  readTrainerState,
} from "../../../model/checkpoint/mod.ts";
import { inRun, iterations, names, save } from "./run.ts";

Deno.test("listCheckpoints: by iteration, whole ones only", () =>
  inRun(async (run) => {
    assertEquals(await listCheckpoints(run), []);
    for (const iteration of [1_000_000, 20, 999_999, 3, 4, 5, 6]) await save(run, iteration);
    const at = (iteration: number) => checkpointFolder(run, iteration);
    await Deno.truncate(`${at(3)}/model.safetensors`, 20);
    await Deno.remove(`${at(4)}/config.json`);
    await Deno.writeTextFile(`${at(5)}/trainer.json`, '{"iteration":');
    await Deno.writeTextFile(`${at(6)}/trainer.json`, '{"iteration":7}');
    await Deno.mkdir(`${run}/checkpoints/step-x`);
    assertEquals(await iterations(run), [20, 999_999, 1_000_000]);
    assertEquals(await findCheckpoint(run, "last"), at(1_000_000));
  }));

Deno.test("findCheckpoint: best, last, a step, or the folder itself", () =>
  inRun(async (run) => {
    for (const iteration of [1, 2, 3]) await save(run, iteration);
    const at = (iteration: number) => checkpointFolder(run, iteration);
    assertEquals(await findCheckpoint(run, "best"), at(3));
    await save(run, 4, 1.5);
    await save(run, 5, 1.25);
    await save(run, 6, 2);
    await save(run, 7);
    assertEquals(await findCheckpoint(run, "best"), at(5));
    assertEquals(await findCheckpoint(run, "last"), at(7));
    assertEquals(await findCheckpoint(run, 2), at(2));
    assertEquals(await findCheckpoint(at(2), "best"), at(2));
    await assertRejects(
      () => findCheckpoint(run, 8),
      Deno.errors.NotFound,
      "there are 1, 2, 3, 4, 5, 6, 7",
    );
  }));

Deno.test("findCheckpoint: a run without a whole checkpoint says what is there", () =>
  inRun(async (run) => {
    await assertRejects(() => findCheckpoint(run, "best"), Error, "neither is there");
    await assertRejects(() => findCheckpoint(`${run}/missing`, "best"), Error, "missing");
    await save(run, 1);
    await Deno.truncate(`${checkpointFolder(run, 1)}/model.safetensors`, 4);
    await assertRejects(() => findCheckpoint(run, "last"), Error, "step-000001 is broken");
  }));

Deno.test("pruneCheckpoints: keeps the newest and the best", () =>
  inRun(async (run) => {
    await pruneCheckpoints(run, 2);
    await save(run, 1, 3);
    await save(run, 2, 1);
    await save(run, 3, 2);
    for (const iteration of [4, 5, 6]) await save(run, iteration, iteration);
    await pruneCheckpoints(run, 2);
    assertEquals(await names(`${run}/checkpoints`), ["step-000002", "step-000005", "step-000006"]);
    assertEquals(await findCheckpoint(run, "best"), checkpointFolder(run, 2));
  }));

Deno.test("readTrainerState: refuses what is no state", () =>
  inRun(async (run) => {
    await assertRejects(() => readTrainerState(run), Deno.errors.NotFound);
    const texts = ["", "null", "[]", '{"iteration":-1}', '{"iteration":1,"validationLoss":"x"}'];
    texts.push('{"iteration":1,"lossScale":{"scale":0,"steps":1,"skipped":0}}');
    for (const text of texts) {
      await Deno.writeTextFile(`${run}/trainer.json`, text);
      const error = await assertRejects(() => readTrainerState(run), SyntaxError);
      assert((error as Error).message.includes("trainer.json"));
    }
    await Deno.writeTextFile(`${run}/trainer.json`, '{"iteration":1,"bestValidationLoss":2}');
    assertEquals(await readTrainerState(run), { iteration: 1, bestValidationLoss: 2 });
  }));
