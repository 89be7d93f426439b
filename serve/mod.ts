/** The server: OpenAI's API from any checkpoint. */
export { type AppOptions, createApp } from "./app.ts";
export type { App, AppSchema, JsonGet, JsonPost, JsonRoute } from "./app_type.ts";
