import { OpenAPIHono } from "@hono/zod-openapi";
import { requestId } from "hono/request-id";
import type { App } from "./app_type.ts";
import type { Engine } from "./engine/mod.ts";
import { clientGone, HttpError, toHttpError } from "./errors.ts";
import type { LogRecord } from "./exchange.ts";
import { Pace } from "./generation/mod.ts";
import { type ApiKey, KeyRing } from "./keys.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { Metrics } from "./metrics/mod.ts";
import {
  authenticate,
  bodyLimit,
  checkHost,
  cors,
  jsonBody,
  limitRate,
  LOOPBACK_HOSTS,
  observe,
  Quota,
  securityHeaders,
} from "./middleware/mod.ts";
import { describeApi, docs, isPublicPath, playground, routes } from "./routes/mod.ts";
import { assertValid } from "./schema/mod.ts";
import type { AppEnv, Services } from "./services.ts";

/** Options of {@linkcode createApp}. */
export interface AppOptions {
  /** What answers. */
  engine: Engine;
  /** Keys, one of which each request must bring. @default none, and none is asked for */
  keys?: readonly ApiKey[];
  /** Bounds that take the place of the defaults. @default all of them the defaults */
  limits?: Partial<Limits>;
  /** Without keys: names by which the server may be called. @default those of this machine */
  hosts?: readonly string[];
  /** Origins of the web whose pages may use the server. @default none */
  corsOrigins?: readonly string[];
  /** Folder of the adapters that clients may load and take away. @default none, and they may not */
  adapterFolder?: string;
  /** Takes a record of each request that is over. @default none */
  log?: (record: LogRecord) => void;
  /** Aborted when no more requests are taken: 503 from then on. @default never */
  drain?: AbortSignal;
  /** Aborted when answers under way must end, with an error. @default never */
  stop?: AbortSignal;
}

/**
 * The server as a Hono app, without a port: `app.request("/v1/models")` asks it, `app.fetch` serves.
 *
 * @example
 * ```ts ignore
 * const app = createApp({ engine, keys: [{ key: "sk-secret" }], limits: { choices: 4 } });
 * const response = await app.request("/v1/models", {
 *   headers: { authorization: "Bearer sk-secret" },
 * });
 * ```
 */
export function createApp(options: AppOptions): App {
  const never = new AbortController().signal;
  const { engine, keys = [], hosts = LOOPBACK_HOSTS, corsOrigins = [], log = () => {} } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const services: Services = {
    engine,
    limits,
    metrics: new Metrics(engine),
    pace: new Pace(),
    quota: new Quota(limits),
    adapterFolder: options.adapterFolder,
    drain: options.drain ?? never,
    stop: options.stop ?? never,
  };
  const app = new OpenAPIHono<AppEnv>({ defaultHook: assertValid });
  app.use(requestId());
  app.use(observe(services.metrics, log));
  app.use(securityHeaders());
  if (keys.length === 0) app.use(checkHost(hosts));
  app.use(cors(corsOrigins));
  app.use(bodyLimit(limits));
  app.use(authenticate(new KeyRing(keys), isPublicPath));
  app.use(limitRate(services.quota));
  app.use(jsonBody(limits));
  app.onError((error, c) => {
    // Whatever fails because there is no one to read or write to is no fault of ours.
    const isGone = c.req.raw.signal.aborted && !(error instanceof HttpError);
    const failure = isGone ? clientGone(error) : toHttpError(error);
    c.get("exchange").fail(failure);
    return failure.toResponse();
  });
  app.notFound((c) => {
    const { method, path } = c.req;
    const allowed = methodsOf(app, path);
    if (allowed.length === 0) throw new HttpError(404, `There is no ${method} ${quotePath(path)}.`);
    throw new HttpError(405, `${quotePath(path)} takes ${allowed.join(" and ")}, not ${method}.`, {
      headers: { allow: allowed.join(", ") },
    });
  });
  const whole = app.route("/", routes(services));
  describeApi(whole);
  whole.route("/", docs());
  whole.route("/", playground());
  return whole as unknown as App; // the same but for what middleware hands to routes
}

/** The methods that a path has routes for. */
function methodsOf(app: OpenAPIHono<AppEnv>, path: string): string[] {
  return ["GET", "POST"].filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method)
  );
}

function quotePath(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}
