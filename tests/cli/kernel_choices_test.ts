import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { ChoiceCache } from "../../cli/kernel_choices.ts";
import { Choices, Device, matmul } from "../../kernels/mod.ts";

const NONE = { orders: {}, variants: {} };

async function inCache(
  work: (open: (warnings?: string[]) => Promise<ChoiceCache>, device: Device) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  using device = await Device.open({
    choices: new Choices({ orders: {}, variants: { "matmul NN 8x8 rows 8": "plain 8x16" } }),
  });
  try {
    await work(
      (warnings = []) =>
        ChoiceCache.of(device, { folder: `${folder}/new`, warn: (text) => warnings.push(text) }),
      device,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("ChoiceCache: what is added is read by the next process, each mode by itself", async () => {
  await inCache(async (open, device) => {
    const warnings: string[] = [];
    assertEquals(await (await open(warnings)).read("cached"), NONE);
    await (await open()).add("cached");
    device.choices.merge({ orders: { "matmul NN 9x9": "k/64" }, variants: { b: "two" } });
    await (await open()).add("full");
    const cache = await open(warnings);
    assertEquals(await cache.read("cached"), {
      orders: {},
      variants: { "matmul NN 8x8 rows 8": "plain 8x16" },
    });
    assertEquals((await cache.read("full")).orders, { "matmul NN 9x9": "k/64" });
    assertEquals(warnings, []);
  });
});

Deno.test("ChoiceCache: two processes that add at once leave a whole file", async () => {
  await inCache(async (open) => {
    await Promise.all(Array.from({ length: 20 }, async () => (await open()).add("cached")));
    const warnings: string[] = [];
    const cache = await open(warnings);
    assertEquals(Object.keys((await cache.read("cached")).variants).length, 1);
    assertEquals(warnings, []);
    const folder = cache.path!.replace(/\/[^/]+$/, "");
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  });
});

for (const text of ["", "{", '{"version":1}', '{"version":0,"cached":{},"full":{}}', "null"]) {
  Deno.test(`ChoiceCache: a file that holds ${text || "nothing"} is ignored with a warning and replaced`, async () => {
    await inCache(async (open) => {
      await (await open()).add("cached");
      const warnings: string[] = [];
      const cache = await open(warnings);
      await Deno.writeTextFile(cache.path!, text);
      assertEquals(await cache.read("cached"), NONE);
      assertMatch(
        warnings.join(),
        /^Ignoring the choices of kernels in .+: the file is damaged\.$/,
      );
      await cache.add("cached");
      assertEquals(Object.keys((await cache.read("cached")).variants).length, 1);
    });
  });
}

Deno.test("ChoiceCache: what computes wrong is looked for once, and never used from then on", async () => {
  await inCache(async (open, device) => {
    const warnings: string[] = [];
    await (await open(warnings)).giveUpWrong();
    assertEquals(warnings, []);
    const { path } = await open();
    const file = JSON.parse(await Deno.readTextFile(path!));
    assertEquals(file.wrong, []);
    const wrong = [{ label: "matmul/projection forward plain 8x16", fault: "y [1]: is 3" }];
    await Deno.writeTextFile(path!, JSON.stringify({ ...file, wrong }));
    await (await open(warnings)).giveUpWrong();
    assertEquals(warnings, [
      "Not using matmul/projection forward plain 8x16 on this adapter: y [1]: is 3",
    ]);
    using a = device.tensor("a", [128, 128]);
    using y = device.tensor("y", [128, 128]);
    using _ = await device.record(
      "square",
      (pass) => matmul(pass, { a, b: a, y }, { layout: "NN" }),
    );
    assertNotEquals(Object.values(device.choices.used.variants), ["plain 8x16"]);
  });
});

Deno.test("ChoiceCache: where nothing can be written choices live as long as the process", async () => {
  const file = await Deno.makeTempFile();
  using device = await Device.open();
  const warnings: string[] = [];
  const options = { folder: `${file}/below`, warn: (text: string) => warnings.push(text) };
  const cache = await ChoiceCache.of(device, options);
  await cache.add("cached");
  assertEquals(await cache.read("cached"), NONE);
  assertEquals(warnings, []);
  assert(cache.path?.includes("kernels-"));
  await Deno.remove(file);
});
