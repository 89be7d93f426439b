import { assert, assertEquals, assertRejects } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { exportModel, Gpt, SafetensorsFile } from "../../../model/mod.ts";
import { createActivations, gptForward, outputForward } from "../../../model/gpt/mod.ts";
import { SharedTensors } from "../../../model/gpt/shared_tensors.ts";
import { createLora } from "../../../model/gpt/lora.ts";
import { normal } from "../../kernels/contract.ts";
import { TINY, tinyModel } from "../tiny.ts";

const LORA = { rank: 2, alpha: 6, dropout: 0, targets: ["c_attn", "c_proj", "c_fc"] };

/** A base and an adapter beside it whose B are no zeros, in a folder of their own. */
async function inPair(
  work: (device: Device, base: string, adapter: string, model: Gpt) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    using device = await Device.open();
    using base = tinyModel(device);
    await base.save(`${folder}/base`);
    using model = await Gpt.load(device, `${folder}/base`, { lora: LORA, seed: 5 });
    const pick = normal(4);
    for (const [name, tensor] of model.parameters.tensors) {
      if (!name.endsWith("lora_B.weight")) continue;
      tensor.write(Float32Array.from({ length: tensor.size }, () => 0.1 * pick()));
    }
    await model.save(`${folder}/adapter`);
    await work(device, `${folder}/base`, `${folder}/adapter`, model);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function logitsOf(model: Gpt): Promise<Float32Array> {
  const { device, config, weights } = model;
  const T = config.context;
  using tensors = new SharedTensors(device);
  using a = createActivations(device, config, { B: 2, T, training: false });
  a.lora = createLora(tensors, config, weights.blocks, { B: 2, T });
  using logits = device.tensor("logits", [2 * T, config.vocabularySize]);
  using forward = await device.record("forward", (pass) => {
    gptForward(pass, config, weights, a);
    outputForward(pass, weights.head, { x: a.norm.y, logits });
  });
  a.tokens.write(Uint32Array.from({ length: 2 * T }, (_, i) => (5 * i) % config.vocabularySize));
  forward.run();
  return await logits.read() as Float32Array;
}

Deno.test("an adapter: PEFT's files and names; the folder is small and holds no other weights", () =>
  inPair(async (_, base, adapter) => {
    const json = JSON.parse(await Deno.readTextFile(`${adapter}/adapter_config.json`));
    assertEquals([json.peft_type, json.task_type, json.r, json.lora_alpha], [
      ...["LORA", "CAUSAL_LM", 2, 6],
    ]);
    assertEquals([json.fan_in_fan_out, json.modules_to_save], [true, null]);
    assertEquals(json.target_modules, LORA.targets);
    assertEquals(json.base_model_name_or_path, await Deno.realPath(base));
    using file = SafetensorsFile.open(`${adapter}/adapter_model.safetensors`);
    const names = [...file.tensors.keys()];
    assertEquals(names.length, 2 * 4 * TINY.layers);
    const C = TINY.channels;
    const block = "base_model.model.transformer.h.1";
    const shapes = ["attn.c_attn.lora_A", "attn.c_attn.lora_B", "mlp.c_proj.lora_A"]
      .map((name) => file.tensors.get(`${block}.${name}.weight`)!.shape);
    assertEquals(shapes, [[2, C], [3 * C, 2], [2, 4 * C]]);
    const files = await Array.fromAsync(Deno.readDir(adapter), ({ name }) => name);
    assert(!files.includes("model.safetensors"));
  }));

Deno.test("an adapter: merged and unmerged logits agree within 1e-5 relative", () =>
  inPair(async (device, base, adapter, model) => {
    using kept = await Gpt.load(device, adapter, { adapters: "keep" });
    assertEquals(kept.config, model.config);
    assertEquals(kept.base, await Deno.realPath(base));
    using merged = await Gpt.load(device, adapter);
    assertEquals(merged.config.lora, undefined);
    using plain = await Gpt.load(device, base);
    const [a, b, c] = [await logitsOf(kept), await logitsOf(merged), await logitsOf(plain)];
    assertEquals(await logitsOf(model), a);
    const norm = (values: Float32Array) => Math.hypot(...values);
    const apart = (other: Float32Array) => norm(a.map((value, i) => value - other[i])) / norm(a);
    assert(apart(b) <= 1e-5, `merged: ${apart(b)}`);
    assert(apart(c) > 1e-2, "the adapter changes something");
    const target = `${adapter}-merged`;
    await exportModel(adapter, target, { format: "safetensors", patterns: {} as never });
    using exported = await Gpt.load(device, target);
    assertEquals(await logitsOf(exported), b);
  }));

Deno.test("an adapter: for another base, with one missing, or made in another way, is refused", () =>
  inPair(async (device, base, adapter) => {
    const path = `${adapter}/adapter_config.json`;
    const json = JSON.parse(await Deno.readTextFile(path));
    const refused = async (change: Record<string, unknown>, message: string) => {
      await Deno.writeTextFile(path, JSON.stringify({ ...json, ...change }));
      await assertRejects(() => Gpt.load(device, adapter), Error, message);
    };
    using other = Gpt.create(device, TINY, { seed: 2 });
    await other.save(`${base}-other`);
    using wider = Gpt.create(device, { ...TINY, channels: 32 }, { seed: 2 });
    await wider.save(`${base}-wider`);
    const name = "base_model_name_or_path";
    await refused({ [name]: `${base}-other` }, "it was trained for another model than");
    await refused({ [name]: `${base}-wider` }, "its model has another shape: channels must be 16");
    await refused({ [name]: `${base}-gone` }, "its base");
    await refused({ r: 3 }, "lora_A.weight must be [3,16], got [2,16]; it is for another model");
    await refused({ peft_type: "IA3" }, 'peft_type must be "LORA", got "IA3"');
    await refused({ target_modules: null }, "target_modules must be a list of layers, got null");
  }));
