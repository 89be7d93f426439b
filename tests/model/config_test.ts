import { assertEquals, assertThrows } from "@std/assert";
import { assertConfig, PRESETS } from "../../model/mod.ts";
import { TINY } from "./tiny.ts";

Deno.test("PRESETS: the shapes of GPT-2 and of two small ones", () => {
  const shapes = Object.entries(PRESETS).map(([name, p]) =>
    [name, p.layers, p.heads, p.channels, p.context].join(" ")
  );
  assertEquals(shapes, [
    "nano 4 4 128 64",
    "micro 6 6 384 256",
    "gpt2 12 12 768 1024",
    "gpt2-medium 24 16 1024 1024",
    "gpt2-large 36 20 1280 1024",
    "gpt2-xl 48 25 1600 1024",
  ]);
});

Deno.test("assertConfig: refuses shapes that are not possible", () => {
  assertConfig(TINY);
  assertThrows(
    () => assertConfig({ ...TINY, heads: 3 }),
    RangeError,
    "channels must be divisible by heads, got 16 channels and 3 heads",
  );
  assertThrows(() => assertConfig({ ...TINY, layers: 0 }), RangeError, "layers must be");
  assertThrows(() => assertConfig({ ...TINY, dropout: 1 }), RangeError, "dropout must be");
});
