import { assertEquals, assertRejects } from "@std/assert";
import { DataError, type FileRecord, readRecords } from "../../../../data/mod.ts";
import { testTransform } from "../../contract.ts";
import { cutBytes, utf8 } from "../streams.ts";

testTransform<Uint8Array, FileRecord>("readRecords", {
  make: () => readRecords("a.csv", "csv"),
  split: cutBytes,
  cases: [{
    label: "every row, the first too; lines are those of the file",
    input: [utf8('a,"b\nc"\r\n\r\nd,诗\n')],
    output: [
      { line: 1, offset: 0, value: ["a", "b\nc"] },
      { line: 4, offset: 11, value: ["d", "诗"] },
    ],
  }],
  broken: [{
    label: "a quote that is never closed",
    input: [utf8('a,b\nc,"d\n')],
    message: "the quote that opens here is never closed",
    path: "a.csv",
    byteOffset: 6,
  }],
});

Deno.test("readRecords: the other formats; empty lines come as lines alone", async () => {
  const read = async (format: "tsv" | "jsonl" | "lines", text: string) =>
    (await Array.fromAsync(ReadableStream.from([utf8(text)]).pipeThrough(readRecords("a", format))))
      .map(({ line, value }) => [line, value]);
  assertEquals(await read("tsv", '"a\tb\r\n\n\t\n'), [[1, ['"a', "b"]], [3, ["", ""]]]);
  assertEquals(await read("jsonl", "[1]\n \n2"), [[1, [1]], [3, 2]]);
  assertEquals(await read("lines", "a\r\n\nb"), [[1, "a"], [2, ""], [3, "b"]]);
  const error = await assertRejects(
    () => read("jsonl", "1\n{]\n"),
    DataError,
    "Cannot read line 2: wanted JSON, got",
  );
  assertEquals(error.byteOffset, 2);
});
