import { assertEquals } from "@std/assert";
import type { Hono } from "hono";
import { hc } from "hono/client";
import type { App, AppSchema } from "../../serve/mod.ts";
import type { routes } from "../../serve/routes/mod.ts";
import { Served } from "./served.ts";

type SchemaOf<A> = A extends Hono<infer _E, infer S, infer _B> ? S : never;
/** The same type with every alias and every `&` written out. */
type Spelt<T> = T extends object ? { [K in keyof T]: Spelt<T[K]> } : T;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

Deno.test("App: the explicit type is the one that is inferred from the routes", () => {
  const equal: Equal<Spelt<SchemaOf<ReturnType<typeof routes>>>, Spelt<AppSchema>> = true;
  const differs: Equal<Spelt<AppSchema>, Spelt<Omit<AppSchema, "/tokenize">>> = false;
  assertEquals([equal, differs], [true, false]);
});

Deno.test("App: Hono's client knows what to send and what comes back", async () => {
  await using served = await Served.start();
  const client = hc<App>(served.url);
  const response = await client.v1.completions.$post({
    json: { model: "tiny", prompt: "a", max_tokens: 3, ignore_eos: true },
  });
  if (!response.ok) throw new Error((await response.json()).error.message);
  assertEquals((await response.json()).usage.completion_tokens, 3);
  const list = await client.v1.models.$get();
  if (list.ok) assertEquals((await list.json()).data[0].id, "tiny");
  const wrong = await client.v1.models[":model"].$get({ param: { model: "other" } });
  assertEquals(wrong.ok, false);
  if (!wrong.ok) assertEquals((await wrong.json()).error.code, "model_not_found");
  // @ts-expect-error a prompt is no number
  const refused = await client.v1.completions.$post({ json: { model: "tiny", prompt: 1 } });
  assertEquals(refused.status, 400);
  await refused.body?.cancel();
  assertEquals((await client.metrics.$get()).status, 200);
});
