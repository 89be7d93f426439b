import { assert, assertEquals } from "@std/assert";
import { Hono } from "hono";
import { staticFile } from "../../serve/static_files.ts";

Deno.test("staticFile: type, content and a policy that lets nothing in from elsewhere", async () => {
  const url = (name: string) => new URL(`../../serve/docs/${name}`, import.meta.url);
  const app = new Hono().get("/a", staticFile(url("index.html"))).get(
    "/b",
    staticFile(url("docs.js")),
  );
  const page = await app.request("/a");
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  assertEquals(await page.text(), await Deno.readTextFile(url("index.html")));
  const policy = page.headers.get("content-security-policy")!;
  assert(policy.startsWith("default-src 'none'") && !policy.includes("unsafe"), policy);
  const script = await app.request("/b");
  assertEquals(script.headers.get("content-type"), "text/javascript; charset=utf-8");
  await script.text();
});
