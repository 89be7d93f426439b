import { assertEquals } from "@std/assert";
import { DataError } from "../../data/mod.ts";

Deno.test("DataError: its message ends with path and byte offset", () => {
  const cause = new Error("below");
  const error = new DataError("Cannot read it: wanted a, got b", "a/b.txt", 12, { cause });
  assertEquals(error.message, "Cannot read it: wanted a, got b, at a/b.txt:12");
  assertEquals([error.name, error.path, error.byteOffset], ["DataError", "a/b.txt", 12]);
  assertEquals(error.cause, cause);
});
