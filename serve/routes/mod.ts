/** All routes, a file or folder each. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv, Services } from "../services.ts";
import { adapters } from "./adapters.ts";
import { chatCompletions } from "./chat_completions/mod.ts";
import { classify } from "./classify.ts";
import { completions } from "./completions/mod.ts";
import { detokenize } from "./detokenize.ts";
import { embeddings } from "./embeddings.ts";
import { health } from "./health.ts";
import { metrics } from "./metrics.ts";
import { models } from "./models.ts";
import { tag } from "./tag.ts";
import { tokenize } from "./tokenize.ts";
import { translate } from "./translate.ts";

export type * from "./chat_completions/mod.ts";
export type * from "./completions/mod.ts";
export { docs } from "./docs.ts";
export { describeApi } from "./describe_api.ts";
export { playground } from "./playground.ts";
export type { AdapterBody, LoadAdapterRequest, UnloadAdapterRequest } from "./adapters.ts";
export type { ClassBody, ClassifyBody, ClassifyRequest } from "./classify.ts";
export type { EntityBody, TagBody, TaggedBody, TagRequest } from "./tag.ts";
export type { DetokenizeBody, DetokenizeRequest } from "./detokenize.ts";
export type { EmbeddingBody, EmbeddingsBody, EmbeddingsRequest } from "./embeddings.ts";
export type { HealthBody } from "./health.ts";
export type { ModelBody, ModelListBody } from "./models.ts";
export type { TokenizeBody, TokenizeRequest } from "./tokenize.ts";
export type { TranslateBody, TranslateRequest, TranslationBody } from "./translate.ts";

/** The routes as one app. */
export function routes(services: Services) {
  return new OpenAPIHono<AppEnv>()
    .route("/", models(services))
    .route("/", completions(services))
    .route("/", chatCompletions(services))
    .route("/", embeddings(services))
    .route("/", classify(services))
    .route("/", adapters(services))
    .route("/", tag(services))
    .route("/", translate(services))
    .route("/", tokenize(services))
    .route("/", detokenize(services))
    .route("/", health(services))
    .route("/", metrics(services));
}

/** Whether anyone may read a path, with or without a key: health and the static pages. */
export function isPublicPath(path: string): boolean {
  return /^\/(health(\/(live|ready))?|docs(\/[\w.]+)?|playground\/[\w./]+)?$/.test(path);
}
