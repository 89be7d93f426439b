import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { Gpt, LORA_LAYERS, Scheduler } from "../../../model/mod.ts";
import { normal } from "../../kernels/contract.ts";
import { type Answer, ask, model as testModel, prompt } from "./engine.ts";

const ROOM = { count: 2, rank: 4, targets: LORA_LAYERS };

/** A base with adapters beside it that change what it says. */
async function inPlace(
  count: number,
  work: (device: Device, base: Gpt, folders: string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    using device = await Device.open();
    using base = testModel(device);
    await base.save(`${folder}/base`);
    const folders: string[] = [];
    for (let i = 0; i < count; i++) {
      const targets = i === 0 ? ["c_attn"] : [...LORA_LAYERS];
      const lora = { rank: 2 + i, alpha: 4, dropout: 0, targets };
      using adapted = await Gpt.load(device, `${folder}/base`, { lora, seed: i + 2 });
      const pick = normal(i + 5);
      for (const [name, tensor] of adapted.parameters.tensors) {
        if (!name.endsWith("lora_B.weight")) continue;
        tensor.write(Float32Array.from({ length: tensor.size }, () => 0.5 * pick()));
      }
      folders.push(`${folder}/adapter-${i}`);
      await adapted.save(folders[i]);
    }
    await work(device, base, folders);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const request = (seed: number, adapter?: string) => ({
  prompt: prompt(seed, 20),
  ...{ maxTokens: 12, logprobs: 0, sampling: { temperature: 0 }, adapter },
});

const same = (a: Answer, b: Answer) => assertEquals([a.tokens, a.logprobs], [b.tokens, b.logprobs]);

Deno.test("adapters: each request in one batch gets its own; without one the base's very bits", () =>
  inPlace(2, async (device, base, folders) => {
    await using plain = await Scheduler.create(base, { maxBatch: 4 });
    await using scheduler = await Scheduler.create(base, { maxBatch: 4, adapters: ROOM });
    await scheduler.addAdapter("one", folders[0]);
    await scheduler.addAdapter("two", folders[1]);
    const names = [undefined, "one", "two", "one"];
    const together = await Promise.all(names.map((name) => ask(scheduler, request(3, name))));
    same(together[1], together[3]);
    same(together[0], await ask(plain, request(3)));
    for (const [i, name] of ["one", "two"].entries()) {
      same(together[i + 1], await ask(scheduler, request(3, name)));
      // What training computes with the adapter merged into the weights.
      using merged = await Gpt.load(device, folders[i]);
      await using alone = await Scheduler.create(merged, { maxBatch: 1 });
      const expected = await ask(alone, request(3));
      assertEquals(together[i + 1].tokens, expected.tokens);
      expected.logprobs.forEach(({ logprob }, t) => {
        const found = together[i + 1].logprobs[t].logprob;
        assert(Math.abs(found - logprob) < 1e-3, `${name} ${t}: ${found} and ${logprob}`);
      });
    }
    const differ = (a: Answer, b: Answer) => `${a.tokens}` !== `${b.tokens}`;
    assert(differ(together[0], together[1]) && differ(together[1], together[2]));
  }));

Deno.test("adapters: embeddings are those of the model that the adapter is merged into", () =>
  inPlace(2, async (device, base, folders) => {
    await using scheduler = await Scheduler.create(base, { maxBatch: 4, adapters: ROOM });
    await using plain = await Scheduler.create(base, { maxBatch: 4 });
    await scheduler.addAdapter("one", folders[0]);
    await scheduler.addAdapter("two", folders[1]);
    const ids = prompt(3, 20);
    const names = [undefined, "one", "two"];
    const found = await Promise.all(names.map((adapter) => scheduler.embed(ids, { adapter })));
    assertEquals(found[0], await plain.embed(ids));
    for (const [i, folder] of folders.entries()) {
      using merged = await Gpt.load(device, folder);
      await using alone = await Scheduler.create(merged, { maxBatch: 1 });
      const expected = await alone.embed(ids);
      const distance = (a: Float32Array) => Math.hypot(...a.map((x, c) => x - expected[c]));
      assert(distance(found[i + 1]) < 1e-4, `${distance(found[i + 1])}`);
      assert(distance(found[0]) > 1e-2, `${distance(found[0])}`);
    }
    await assertRejects(
      () => scheduler.embed(ids, { adapter: "three" }),
      RangeError,
      "there is no adapter three",
    );
    await assertRejects(() => scheduler.embed([], { adapter: "one" }), RangeError, "1 to");
    scheduler.removeAdapter("one");
    await scheduler.addAdapter("three", folders[0]);
    assertEquals(await scheduler.embed(ids, { adapter: "three" }), found[1]);
  }));

Deno.test("adapters: added and removed while requests run; a name used again shares no cache", () =>
  inPlace(3, async (_, base, folders) => {
    await using scheduler = await Scheduler.create(base, { maxBatch: 4, adapters: ROOM });
    await scheduler.addAdapter("one", folders[0]);
    await scheduler.addAdapter("two", folders[1]);
    const expected = await ask(scheduler, request(4, "one"));
    const running = ask(scheduler, request(4, "one"));
    scheduler.removeAdapter("one");
    assertThrows(() => scheduler.submit(request(4, "one")), RangeError, "there is no adapter one");
    await assertRejects(
      () => scheduler.addAdapter("three", folders[2]),
      RangeError,
      "all 2 places are taken",
    );
    same(await running, expected);
    await scheduler.addAdapter("one", folders[2]);
    const other = await ask(scheduler, request(4, "one"));
    assertEquals(other.prompt!.cachedTokens, 0);
    assert(`${other.tokens}` !== `${expected.tokens}`);
    await assertRejects(
      () => scheduler.addAdapter("two", folders[0]),
      RangeError,
      "there is one of that name",
    );
    assertThrows(() => scheduler.removeAdapter("nobody"), RangeError, "there is no adapter nobody");
  }));

Deno.test("adapters: what does not fit is refused and takes no place", () =>
  inPlace(2, async (device, base, folders) => {
    const small = { count: 1, rank: 4, targets: ["c_attn"] };
    await using scheduler = await Scheduler.create(base, { maxBatch: 2, adapters: small });
    const refused = (folder: string, message: string) =>
      assertRejects(() => scheduler.addAdapter("x", folder), Error, message);
    await refused(
      folders[1],
      "it adapts attn.c_attn, attn.c_proj, mlp.c_fc, mlp.c_proj, there is room for c_attn",
    );
    await refused(`${folders[0]}-gone`, "No such file");
    using other = testModel(device, { channels: 32 });
    await using wrong = await Scheduler.create(other, { maxBatch: 2, adapters: small });
    await assertRejects(
      () => wrong.addAdapter("x", folders[0]),
      RangeError,
      "it was trained for another model",
    );
    await scheduler.addAdapter("x", folders[0]);
    await using none = await Scheduler.create(base, { maxBatch: 2 });
    await assertRejects(() => none.addAdapter("x", folders[0]), RangeError, "no room for any");
    assertThrows(() => none.submit(request(1, "x")), RangeError, "there is no adapter x");
  }));
