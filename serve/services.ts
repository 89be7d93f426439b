import type { Engine, ServedModel } from "./engine/mod.ts";
import { badRequest, HttpError, unavailable } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Pace } from "./generation/mod.ts";
import type { Limits } from "./limits.ts";
import type { Metrics } from "./metrics/mod.ts";
import type { Quota } from "./middleware/mod.ts";

/** What every route may use; handed in, never looked up. */
export interface Services {
  engine: Engine;
  limits: Limits;
  metrics: Metrics;
  pace: Pace;
  quota: Quota;
  /** Folder of the adapters that clients may load; without one they may load none. */
  adapterFolder?: string;
  /** Aborted when the server takes no more requests. */
  drain: AbortSignal;
  /** Aborted when it gives up what still runs. */
  stop: AbortSignal;
}

/** What the server and middleware leave for handlers. */
export interface AppEnv {
  Bindings: {
    /** The connection's end of the answer; absent where there is no connection. */
    outgoing?: { destroy(): void };
  };
  Variables: {
    requestId: string;
    exchange: Exchange;
  };
}

/**
 * Checks that requests can be answered.
 *
 * @throws {HttpError} 503 while loading, lost or draining
 */
export function assertReady({ engine, drain }: Services): void {
  if (drain.aborted) throw unavailable("The server is shutting down.", 5);
  if (engine.state === "ready") return;
  const why = {
    loading: "The model is loading",
    lost: "The GPU is being restarted",
    closed: "The engine is closed",
  };
  throw unavailable(`${why[engine.state]}; try again soon.`, 2);
}

/** What a model can do, and the path where it is asked to. */
const ABILITIES = {
  "writes": "/v1/completions",
  "translates": "/translate",
  "tells texts apart": "/classify",
  "tells words apart": "/tag",
};

/** Something that a model can do. */
export type Ability = keyof typeof ABILITIES;

/** What a model can do; what it was made for first. */
export function abilitiesOf({ head, task, hasEncoder }: ServedModel): Ability[] {
  if (hasEncoder) return ["translates"];
  if (head) return [head.of === "text" ? "tells texts apart" : "tells words apart"];
  return task?.name === "translate" ? ["translates", "writes"] : ["writes"];
}

/**
 * The model that a request names.
 *
 * @param ability what it must be able to do. @default nothing
 * @throws {HttpError} 503 where no model can answer now, 404 where there is none of that name, 400 where
 * it was made for something else
 */
export function findModel(services: Services, id: string, ability?: Ability): ServedModel {
  assertReady(services);
  const model = services.engine.models.get(id);
  if (!model) {
    const known = [...services.engine.models.keys()].join(", ");
    throw new HttpError(
      404,
      `The model ${JSON.stringify(id.slice(0, 100))} does not exist; there is ${known}.`,
      { param: "model", code: "model_not_found" },
    );
  }
  const abilities = abilitiesOf(model);
  if (ability === undefined || abilities.includes(ability)) return model;
  const [first] = abilities;
  throw badRequest(`The model ${id} ${first}: ask it at ${ABILITIES[first]}`, { param: "model" });
}

/**
 * The name of the only model.
 *
 * @throws {HttpError} 400 where there are several, and one must be named; 503 where none can answer
 */
export function soleModel(services: Services): string {
  assertReady(services);
  const [id, ...others] = services.engine.models.keys();
  if (others.length === 0) return id;
  throw badRequest(`model must be one of ${[id, ...others].join(", ")}`, { param: "model" });
}
