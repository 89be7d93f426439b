import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { Gpt } from "../../../model/mod.ts";
import { normal } from "../../kernels/contract.ts";
import { Served, writeModel } from "../served.ts";

/** Writes an adapter beside a base that changes what it says. */
async function writeAdapter(base: string, folder: string, seed: number): Promise<void> {
  using device = await Device.open();
  const lora = { rank: 2, alpha: 4, dropout: 0, targets: ["c_attn", "c_fc"] };
  using model = await Gpt.load(device, base, { lora, seed });
  const pick = normal(seed);
  for (const [name, tensor] of model.parameters.tensors) {
    if (!name.endsWith("lora_B.weight")) continue;
    tensor.write(Float32Array.from({ length: tensor.size }, () => pick()));
  }
  await model.save(folder);
}

Deno.test("adapters: asked for by name, in one batch, loaded and taken away while it serves", async () => {
  const folder = await Deno.makeTempDir();
  const base = `${folder}/base`;
  try {
    await writeModel(base);
    for (const [i, name] of ["one", "two"].entries()) {
      await writeAdapter(base, `${folder}/adapters/${name}`, i + 3);
    }
    const adapters = [{ id: "one", folder: `${folder}/adapters/one` }];
    await using served = await Served.start({
      models: { tiny: { folder: base } },
      engine: { models: [{ id: "tiny", folder: base, adapters }], adapterPlaces: 2 },
      adapterFolder: `${folder}/adapters`,
    });
    const say = async (model: string) => {
      const request = { model, prompt: "To be", max_tokens: 12, temperature: 0 };
      return (await served.json("/v1/completions", request)).choices[0].text as string;
    };
    const list = await (await served.app.request("/v1/models")).json();
    assertEquals(list.data.map(({ id }: { id: string }) => id), ["tiny", "one"]);
    const [plain, one] = await Promise.all([say("tiny"), say("one")]);
    assert(plain !== one, "the adapter changes what is said");
    const embed = async (model: string) =>
      (await served.json("/v1/embeddings", { model, input: "To be" })).data[0].embedding;
    const [ofBase, ofOne] = await Promise.all([embed("tiny"), embed("one")]);
    const apart = Math.hypot(...ofBase.map((x: number, c: number) => x - ofOne[c]));
    assert(apart > 0.01, `the adapter changes embeddings by ${apart}`);
    await served.json("/v1/load_lora_adapter", { lora_name: "two", lora_path: "two" });
    const [again, first, two] = await Promise.all([say("tiny"), say("one"), say("two")]);
    assertEquals([again, first], [plain, one]);
    assert(two !== one && two !== plain);
    const wrong: [Record<string, unknown>, string][] = [
      [{ lora_name: "one", lora_path: "one" }, "There is a model one already."],
      [{ lora_name: "x", lora_path: "../base" }, "lora_path must name a folder within"],
      [{ lora_name: "three", lora_path: "one" }, "all 2 places are taken; remove one first"],
    ];
    for (const [fields, message] of wrong) {
      const error = await served.refused("/v1/load_lora_adapter", fields);
      assertStringIncludes(error.message, message);
    }
    await served.json("/v1/unload_lora_adapter", { lora_name: "one" });
    const gone = await served.refused("/v1/completions", { model: "one", prompt: "a" }, 404);
    assertStringIncludes(gone.message, "does not exist; there is tiny, two");
    assertEquals(await say("two"), two);
    await served.refused("/v1/unload_lora_adapter", { lora_name: "one" }, 404);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("adapters: without a folder for them nobody may load or take away any", async () => {
  await using served = await Served.start();
  for (const path of ["/v1/load_lora_adapter", "/v1/unload_lora_adapter"]) {
    const fields = path.includes("unload") ? {} : { lora_path: "a" };
    const error = await served.refused(path, { lora_name: "a", ...fields }, 403);
    assertStringIncludes(error.message, "lets no one change its adapters");
  }
});
