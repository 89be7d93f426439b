import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../serve/mod.ts";

Deno.test("limits: the defaults in the docstrings are the defaults", async () => {
  const source = await Deno.readTextFile(new URL("../../serve/limits.ts", import.meta.url));
  const told = [...source.matchAll(/@default (\d+) \*\/\n {2}(\w+):/g)]
    .map(([, value, name]) => [name, Number(value)]);
  assertEquals(Object.fromEntries(told), { ...DEFAULT_LIMITS });
});
