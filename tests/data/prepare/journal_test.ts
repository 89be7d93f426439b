import { assertEquals, assertRejects } from "@std/assert";
import { Journal } from "../../../data/prepare/journal.ts";
import { DataError } from "../../../data/mod.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a journal gives back its entries, but for one that was cut short", () =>
  inFolder(async (folder) => {
    const path = `${folder}/journal`;
    {
      const { journal, entries } = await Journal.open<{ a: number }>(path);
      using _ = journal;
      assertEquals(entries, []);
      await journal.record({ a: 1 });
      await journal.record({ a: 2 });
    }
    await Deno.writeTextFile(path, '{"a":', { append: true });
    {
      const { journal, entries } = await Journal.open<{ a: number }>(path);
      using _ = journal;
      assertEquals(entries, [{ a: 1 }, { a: 2 }]);
      await journal.record({ a: 3 });
    }
    assertEquals(await Deno.readTextFile(path), '{"a":1}\n{"a":2}\n{"a":3}\n');
  }));

Deno.test("a journal with a broken line in the middle is an error with its place", () =>
  inFolder(async (folder) => {
    const path = `${folder}/journal`;
    await Deno.writeTextFile(path, '{"a":1}\n{"a":\n{"a":3}\n');
    await assertRejects(
      () => Journal.open(path),
      DataError,
      `Cannot go on: the journal is damaged; remove its folder and begin again, at ${path}:8`,
    );
  }));
