import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "@hono/zod-openapi";
import type { HttpError } from "../../serve/mod.ts";
import { assertValid, boundedArray, promptParts } from "../../serve/schema/mod.ts";

const schema = z.strictObject({
  n: z.int().min(1).max(8).nullish(),
  p: z.number().gt(0).optional(),
  kind: z.enum(["a", "b"]).optional(),
  items: boundedArray(z.strictObject({ x: z.string() }), { min: 1, max: 20 }).optional(),
  either: z.union([z.string(), z.array(z.strictObject({ y: z.string() }))], {
    error: "must be this or that",
  }).optional(),
});

function faultsOf(data: unknown): HttpError["body"]["error"] {
  const found = schema.safeParse(data);
  const error = assertThrows(() => assertValid(found.success ? found : { ...found, data }), Error);
  return (error as HttpError).body.error;
}

Deno.test("assertValid: each kind of fault in a sentence with its path and its value", () => {
  const cases: [unknown, string | null, string][] = [
    [{ n: 9 }, "n", "n must be at most 8, got 9"],
    [{ n: 0 }, "n", "n must be at least 1, got 0"],
    [{ n: 1.5 }, "n", "n must be a whole number, got 1.5"],
    [{ n: "1" }, "n", 'n must be a number, got "1"'],
    [{ p: 0 }, "p", "p must be above 0, got 0"],
    [{ kind: "c" }, "kind", 'kind must be "a" or "b", got "c"'],
    [{ items: [] }, "items", "items must have 1 to 20 items"],
    [{ items: [{ x: "a" }, { x: 1 }] }, "items.1.x", "items.1.x must be a string, got 1"],
    [{ either: 3 }, "either", "either must be this or that"],
    [{ either: [{ y: 3 }] }, "either.0.y", "either.0.y must be a string, got 3"],
    [{ z: 1 }, "z", 'Unrecognized request argument supplied: "z"'],
    [[1], null, "The body must be an object, got an array of 1"],
    [null, null, "The body must be an object, got null"],
    [{ n: 9, p: 0 }, "n", "n must be at most 8, got 9; p must be above 0, got 0"],
  ];
  for (const [data, param, message] of cases) {
    const error = faultsOf(data);
    assertEquals([error.param, error.message], [param, message]);
  }
});

Deno.test("assertValid: many faults and long values make a short answer, quickly", () => {
  const items = Array(20).fill({ x: 1 });
  assert(faultsOf({ items }).message.endsWith("; and 10 more"));
  const started = performance.now();
  const long = faultsOf({ items: Array(200_000).fill({}), n: "x".repeat(1_000_000) });
  assert(long.message.length < 300 && performance.now() - started < 50);
  const keys = Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [`k${i}${"x".repeat(100)}`, 1]),
  );
  assert(JSON.stringify(faultsOf(keys)).length < 32_000);
});

Deno.test("promptParts: one text, one list of ids or many of either, each with its path", () => {
  const paths = (value: Parameters<typeof promptParts>[0]) =>
    promptParts(value, "prompt", 3).map(({ param }) => param);
  assertEquals(paths("a"), ["prompt"]);
  assertEquals(paths([1, 2]), ["prompt"]);
  assertEquals(paths(["a", "b"]), ["prompt.0", "prompt.1"]);
  assertEquals(paths([[1], [2]]), ["prompt.0", "prompt.1"]);
  for (const wrong of [[], ["a", 1], [[1], "a"], [[1], 2], ["a", "b", "c", "d"], [null]]) {
    assertThrows(() => paths(wrong as string[]), Error, "prompt");
  }
});
