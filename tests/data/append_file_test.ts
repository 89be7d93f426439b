import { assertEquals, assertRejects } from "@std/assert";
import { AppendFile, writeAll } from "../../data/append_file.ts";
import { DataError } from "../../data/mod.ts";
import { withFiles } from "./sources/streams.ts";

Deno.test("a file goes on after a known length; what stood behind it is gone", () =>
  withFiles({}, async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeTextFile(path, "kept, lost");
    {
      using file = await AppendFile.open(path, 4);
      await file.append(new TextEncoder().encode(" and more"));
      await file.sync();
      assertEquals(file.bytes, 13);
    }
    assertEquals(await Deno.readTextFile(path), "kept and more");
    await assertRejects(
      () => AppendFile.open(path, 14),
      DataError,
      `Cannot go on: wanted 14 bytes, got 13; remove the folder and begin again, at ${path}:13`,
    );
  }));

Deno.test("what is written over stays where it was, and adding goes on at the end", () =>
  withFiles({}, async (folder) => {
    const path = `${folder}/file`;
    using file = await AppendFile.open(path, 0);
    const utf8 = new TextEncoder();
    await file.append(utf8.encode("head body"));
    await file.overwrite(0, utf8.encode("HEAD"));
    await file.append(utf8.encode(" end"));
    assertEquals(await Deno.readTextFile(path), "HEAD body end");
  }));

Deno.test("a full disk is an error with its place and what to do", async () => {
  using full = await Deno.open("/dev/full", { write: true });
  const error = await assertRejects(
    () => writeAll(full, new Uint8Array(9), { path: "shard", offset: 40 }),
    DataError,
    "Cannot write the file: No space left on device (os error 28); free space on its disk, then " +
      "run it again, at shard:40",
  );
  assertEquals([error.path, error.byteOffset], ["shard", 40]);
});
