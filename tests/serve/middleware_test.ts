import { assert, assertEquals, assertThrows } from "@std/assert";
import { HttpError } from "../../serve/errors.ts";
import { assertJsonBounds, Quota, readBody } from "../../serve/middleware/mod.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("assertJsonBounds: depth and values are bounded outside of strings, whatever the text", () => {
  assertJsonBounds(bytes("[".repeat(256)), 10);
  assertThrows(() => assertJsonBounds(bytes("[".repeat(257)), 10), HttpError, "at most 256 deep");
  assertThrows(
    () => assertJsonBounds(bytes('{"a":'.repeat(257)), 10),
    HttpError,
    "at most 256 deep",
  );
  assertJsonBounds(bytes("[1],".repeat(300)), 1000);
  assertJsonBounds(bytes(JSON.stringify('[{,\\"'.repeat(1000))), 1);
  assertJsonBounds(bytes(`{"a":"${"[".repeat(1000)}\\\\"}`), 1);
  assertJsonBounds(bytes('"never ends \\'), 1);
  assertThrows(() => assertJsonBounds(bytes("[1,2,3]"), 2), HttpError, "at most 2 values");
});

Deno.test("assertJsonBounds: 4 MiB take less than 50 ms", () => {
  for (const part of ["[],", '"\\"",', "a", '"aaaaaaaaaaaaaaaaaaaaaaaaaaaa",']) {
    const text = bytes(part.repeat(Math.ceil((4 << 20) / part.length)));
    const times = Array.from({ length: 7 }, () => {
      const started = performance.now();
      assertJsonBounds(text, Infinity);
      return performance.now() - started;
    });
    // The machine may be busy with other things for a while, but not each time.
    const ms = Math.min(...times);
    assert(ms < 50, `${part}: ${ms} ms`);
  }
});

Deno.test("readBody: all chunks, and 413 as soon as they are too many", async () => {
  const request = (chunks: number) =>
    new Request("http://localhost/", {
      method: "POST",
      body: ReadableStream.from(Array(chunks).fill(bytes("abc"))),
    });
  assertEquals(new TextDecoder().decode(await readBody(request(3), 9)), "abcabcabc");
  assertEquals((await readBody(new Request("http://localhost/"), 9)).length, 0);
  const error = await readBody(request(4), 9).catch((error) => error);
  assertEquals([error.status, error.message], [413, "The body must have at most 9 bytes."]);
});

Deno.test("Quota: requests and tokens come back with time, none are saved up", () => {
  let now = 0;
  const quota = new Quota({ requestsPerMinute: 6, tokensPerMinute: 60 }, () => now);
  const [a, b] = [{ name: "a", salt: "a" }, { name: "b", salt: "b" }];
  for (let i = 0; i < 6; i++) quota.admit(a);
  const late = assertThrows(() => quota.admit(a), HttpError, "6 requests a minute");
  assertEquals(late.options.headers, { "retry-after": "10" });
  quota.admit(b);
  now += 10_000;
  quota.admit(a);
  assertThrows(() => quota.admit(a), HttpError);
  quota.spend(b, 90);
  const spent = assertThrows(() => quota.admit(b), HttpError, "60 tokens a minute");
  assertEquals(spent.options.headers, { "retry-after": "31" });
  now += 31_000;
  quota.admit(b);
  now += 3_600_000;
  for (let i = 0; i < 6; i++) quota.admit(a);
  assertThrows(() => quota.admit(a), HttpError);
});

Deno.test("Quota: 0 is no bound", () => {
  const quota = new Quota({ requestsPerMinute: 0, tokensPerMinute: 0 });
  const client = { name: "a", salt: "" };
  for (let i = 0; i < 1000; i++) quota.admit(client);
  quota.spend(client, 1e9);
  quota.admit(client);
});
