import { assertEquals } from "@std/assert";
import { Served } from "../served.ts";

Deno.test("models: names with slashes are found, others are 404, however they are spelt (32)", async () => {
  await using served = await Served.start({ models: { "org/tiny": {}, "tiny-2.0": { seed: 2 } } });
  const list = await (await fetch(`${served.url}/v1/models`)).json();
  assertEquals(list.data.map(({ id }: { id: string }) => id), ["org/tiny", "tiny-2.0"]);
  const [first] = list.data;
  assertEquals([first.object, first.owned_by, first.max_model_len], ["model", "quern", 256]);
  for (const path of ["org/tiny", "org%2Ftiny", "tiny-2.0"]) {
    const body = await (await fetch(`${served.url}/v1/models/${path}`)).json();
    assertEquals(body.id, decodeURIComponent(path));
  }
  const spellings = [
    "x",
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "....//",
    "%00",
    "tiny-2.0%00",
    "TINY-2.0",
    "%25",
    "org",
    "org/",
    "/tiny",
    "org//tiny",
    "tiny-2.0/../tiny-2.0x",
    "..%5c..%5c",
    "%c0%ae",
    "%",
    "a".repeat(5000),
  ];
  for (const path of spellings) {
    const response = await served.app.request(`/v1/models/${path}`);
    assertEquals(response.status, 404, path);
    assertEquals((await response.json()).error.type, "invalid_request_error");
  }
  const error = await served.refused("/v1/completions", { model: "org/other", prompt: "a" }, 404);
  assertEquals([error.code, error.param], ["model_not_found", "model"]);
  const texts = await Promise.all(
    list.data.map(async ({ id }: { id: string }) =>
      (await served.json("/v1/completions", { model: id, prompt: "a", temperature: 0 })).choices[0]
        .text
    ),
  );
  assertEquals(new Set(texts).size, 2);
});
