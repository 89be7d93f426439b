import { assertEquals, assertRejects } from "@std/assert";
import { addAdapters } from "../../cli/serve_models.ts";
import { UsageError } from "../../cli/usage_error.ts";

/** Folders that look like models and like an adapter of the first of them. */
async function inFolders(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const name of ["a", "b", "adapter"]) {
      await Deno.mkdir(`${folder}/${name}`);
      await Deno.writeTextFile(`${folder}/${name}/config.json`, "{}");
    }
    for (const name of ["a", "b"]) {
      await Deno.writeTextFile(`${folder}/${name}/model.safetensors`, "");
    }
    const json = {
      ...{ peft_type: "LORA", r: 2, lora_alpha: 4, target_modules: ["c_attn"] },
      base_model_name_or_path: `${folder}/a`,
    };
    await Deno.writeTextFile(`${folder}/adapter/adapter_config.json`, JSON.stringify(json));
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("addAdapters: each stands beside the model that it is for", () =>
  inFolders(async (folder) => {
    const [a, b] = ["a", "b"].map((id) => ({ id, folder: `${folder}/${id}` }));
    const adapter = { id: "x", folder: `${folder}/adapter` };
    const named = [`x=${folder}/adapter`];
    assertEquals(await addAdapters([b, a], named, "best"), [
      { ...b, adapters: [] },
      { ...a, adapters: [adapter] },
    ]);
    // Of an only model the adapter's own mark tells whether it fits.
    assertEquals((await addAdapters([b], named, "best"))[0].adapters, [adapter]);
    const cases: [string[], string][] = [
      [[`${folder}/adapter`], "--adapter needs a name: --adapter NAME=DIR"],
      [[`a=${folder}/adapter`], "--adapter names a twice"],
    ];
    for (const [adapters, message] of cases) {
      await assertRejects(() => addAdapters([a, b], adapters, "best"), UsageError, message);
    }
    const c = { id: "c", folder: `${folder}/adapter` };
    await assertRejects(
      () => addAdapters([b, c], named, "best"),
      UsageError,
      `--adapter x is for ${folder}/a, which is none of the models`,
    );
  }));
