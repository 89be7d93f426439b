/** `GET /docs`: the description of the API for people. */
import { Hono } from "hono";
import type { AppEnv } from "../services.ts";
import { staticFile } from "../static_files.ts";

/** The routes of the page and its files. */
export function docs(): Hono<AppEnv> {
  const file = (name: string) => staticFile(new URL(`../docs/${name}`, import.meta.url));
  return new Hono<AppEnv>()
    .get("/docs", file("index.html"))
    .get("/docs/docs.css", file("docs.css"))
    .get("/docs/docs.js", file("docs.js"));
}
