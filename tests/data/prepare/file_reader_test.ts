import { assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../../data/mod.ts";
import { FileReader } from "../../../data/prepare/file_reader.ts";

Deno.test("a file is read by counts of any size, and not beyond its end", async () => {
  const path = await Deno.makeTempFile();
  try {
    const bytes = Uint8Array.from({ length: 3 << 20 }, (_, i) => i * i >> 3);
    await Deno.writeFile(path, bytes);
    using reader = await FileReader.open(path, 5);
    let at = 5;
    for (const count of [0, 1, 4096, (1 << 20) + 1, 2, 1 << 20]) {
      assertEquals(reader.offset, at);
      assertEquals(await reader.read(count), bytes.slice(at, at += count));
    }
    const rest = bytes.length - at;
    await assertRejects(
      () => reader.read(rest + 1),
      DataError,
      `Cannot read the file: wanted ${rest + 1} bytes, got ${rest}; it was cut short, so remove ` +
        `its folder and begin again, at ${path}:${at}`,
    );
    assertEquals(await reader.read(rest), bytes.slice(at));
    assertEquals(await reader.read(1), null);
  } finally {
    await Deno.remove(path);
  }
});
