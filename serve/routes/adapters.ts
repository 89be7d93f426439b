/** `POST /v1/load_lora_adapter` and `POST /v1/unload_lora_adapter`, named as vLLM names them. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { join } from "@std/path";
import { badRequest, HttpError } from "../errors.ts";
import { jsonRequest, jsonResponses } from "../schema/mod.ts";
import { type AppEnv, findModel, type Services, soleModel } from "../services.ts";

/** An adapter to be loaded. */
export interface LoadAdapterRequest {
  /** Its name in requests. */
  lora_name: string;
  /** Its folder within the one that the server was given. */
  lora_path: string;
  /** Name of the model that it is of. @default the only one */
  base_model_name?: string | null;
}

/** An adapter to be taken away. */
export interface UnloadAdapterRequest {
  /** Its name in requests. */
  lora_name: string;
}

/** What was done. */
export interface AdapterBody {
  /** In words. */
  message: string;
}

const NAME = /^[\w.-]{1,100}$/;

const name = z.string().regex(NAME, { error: 'must be of letters, digits, "_", "-" and "."' });

const load: z.ZodType<LoadAdapterRequest, LoadAdapterRequest> = z.strictObject({
  lora_name: name,
  lora_path: z.string(),
  base_model_name: z.string().nullish(),
}).openapi("LoadAdapterRequest");

const unload: z.ZodType<UnloadAdapterRequest, UnloadAdapterRequest> = z.strictObject({
  lora_name: name,
}).openapi("UnloadAdapterRequest");

const body: z.ZodType<AdapterBody, AdapterBody> = z.object({ message: z.string() })
  .openapi("Adapter");

const loadRoute = createRoute({
  method: "post",
  path: "/v1/load_lora_adapter",
  summary: "Load an adapter beside a model, to be asked for by its name",
  request: jsonRequest(load),
  responses: jsonResponses("What was done", body),
});

const unloadRoute = createRoute({
  method: "post",
  path: "/v1/unload_lora_adapter",
  summary: "Take an adapter away; requests under way end with it",
  request: jsonRequest(unload),
  responses: jsonResponses("What was done", body),
});

/** The routes that add and remove adapters while the server runs. */
export function adapters(services: Services) {
  const { engine } = services;
  return new OpenAPIHono<AppEnv>()
    .openapi(loadRoute, async (c) => {
      const { lora_name: id, lora_path, base_model_name } = c.req.valid("json");
      const folder = folderOf(services, lora_path);
      const model = findModel(services, base_model_name ?? soleBase(services), "writes");
      if (engine.models.has(id)) {
        throw badRequest(`There is a model ${id} already.`, { param: "lora_name" });
      }
      await engine.addAdapter(model.id, { id, folder });
      return c.json({ message: `The adapter ${id} can be asked for.` }, 200);
    })
    .openapi(unloadRoute, async (c) => {
      const { lora_name: id } = c.req.valid("json");
      folderOf(services, id);
      await engine.removeAdapter(id);
      return c.json({ message: `The adapter ${id} is taken away.` }, 200);
    });
}

/** The only model that is no adapter. */
function soleBase(services: Services): string {
  const bases = [...services.engine.models.values()].filter(({ base }) => base === undefined);
  return bases.length === 1 ? bases[0].id : soleModel(services);
}

/** A folder within the one for adapters; clients may name no other. */
function folderOf({ adapterFolder }: Services, path: string): string {
  if (adapterFolder === undefined) {
    throw new HttpError(403, "This server lets no one change its adapters.");
  }
  const parts = path.split("/");
  if (parts.every((part) => NAME.test(part) && !/^\.+$/.test(part))) {
    return join(adapterFolder, ...parts);
  }
  throw badRequest("lora_path must name a folder within the server's folder of adapters", {
    param: "lora_path",
  });
}
