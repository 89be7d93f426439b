import { assertEquals } from "@std/assert";
import { RecordList, writeRecordList } from "../../../data/prepare/record_list.ts";

Deno.test("a list of records is read along with its documents, from any of them on", async () => {
  const path = await Deno.makeTempFile();
  try {
    const records = Array.from({ length: 10_000 }, (_, i) => [2 * Math.floor(i / 3), i]);
    assertEquals(await writeRecordList(path, 2, records), records.length);
    for (const first of [0, 1, 6000, 7000]) {
      using list = await RecordList.open(path, 2, first);
      const read: number[][] = [];
      for (let document = first; document < 7000; document += 500) {
        read.push(...(await list.takeUntil(document)).map((record) => [...record]));
      }
      assertEquals(
        read,
        records.filter(([document]) => document >= first && document < 6500 + first % 500),
      );
    }
    assertEquals(await writeRecordList(path, 2, []), 0);
    using empty = await RecordList.open(path, 2);
    assertEquals(await empty.takeUntil(9), []);
  } finally {
    await Deno.remove(path);
  }
});
