/** `GET /`: the playground. */
import { Hono } from "hono";
import type { AppEnv } from "../services.ts";
import { staticFile } from "../static_files.ts";

/** What the page loads, from its own folder. */
const FILES = [
  ...["icon.svg", "main.js", "requests.js", "settings.js", "stream.js", "style.css"],
  ...["told.js", "transcript.js"],
];

/** The routes of the page and its files. */
export function playground(): Hono<AppEnv> {
  const file = (name: string) => staticFile(new URL(`../playground/${name}`, import.meta.url));
  const app = new Hono<AppEnv>().get("/", file("index.html"));
  for (const name of FILES) app.get(`/playground/${name}`, file(name));
  return app;
}
