import { assertEquals, assertRejects } from "@std/assert";
import { BinWriter, openShards } from "../../../data/shards/mod.ts";

Deno.test("BinWriter: the tokens of rows that share their borders come back once each", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/tokens.bin`;
    {
      using writer = await BinWriter.open(path, { vocabularySize: 300 });
      await writer.write({ tokens: Uint16Array.of(1, 2, 3) });
      await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
      await writer.write({ tokens: Uint16Array.of(3, 299, 5) });
      await writer.finish();
    }
    const set = await openShards(path, { context: 2 });
    const shard = await set.read(0);
    assertEquals(Array.from(shard.row(0).tokens), [1, 2, 3]);
    assertEquals(Array.from(shard.row(1).tokens), [3, 299, 5]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
