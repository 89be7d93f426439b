import { assert, assertEquals, assertThrows } from "@std/assert";
import { KeyRing, parseKeys } from "../../serve/keys.ts";

Deno.test("parseKeys: one a line, a name behind it, comments and empty lines none", () => {
  assertEquals(parseKeys("# keys\n\nsk-12345678 alice\r\n  sk-87654321  \n"), [
    { key: "sk-12345678", name: "alice" },
    { key: "sk-87654321", name: "key-4" },
  ]);
  assertEquals(parseKeys(""), []);
  for (const line of ["short", "sk-12345678 two words", "sk-1234\u00e95678"]) {
    const error = assertThrows(() => parseKeys(`sk-12345678\n${line}`), SyntaxError);
    assertEquals(
      error.message,
      "Cannot read the keys: line 2 must be a key of at least 8 printable characters and, behind a space, one word as its name",
    );
  }
});

Deno.test("KeyRing: finds the owner of a key, each with a salt of its own that is not the key", () => {
  const ring = new KeyRing([{ key: "sk-12345678", name: "alice" }, { key: "sk-87654321" }]);
  assertEquals(ring.size, 2);
  assertEquals(ring.clientOf("sk-12345678")?.name, "alice");
  assertEquals(ring.clientOf("sk-87654321")?.name, "key-2");
  for (const key of ["", "sk-1234567", "sk-12345678 ", "SK-12345678"]) {
    assertEquals(ring.clientOf(key), undefined);
  }
  const [a, b] = ["sk-12345678", "sk-87654321"].map((key) => ring.clientOf(key)!.salt);
  assert(a !== b && !a.includes("12345678"));
});
