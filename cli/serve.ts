/** `quern serve`: answers OpenAI's API with one or more models. */
import {
  type ApiKey,
  createApp,
  type Engine,
  listen,
  LOOPBACK_HOSTS,
  parseKeys,
  type Server,
  startEngine,
} from "../serve/mod.ts";
import { LineWriter } from "./line_writer.ts";
import { type OptionValues, parseOptions } from "./options.ts";
import { addAdapters, findModels } from "./serve_models.ts";
import { SERVE_OPTIONS } from "./serve_options.ts";
import { UsageError } from "./usage_error.ts";

export { SERVE_OPTIONS };

type ServeOptions = OptionValues<typeof SERVE_OPTIONS>;

/** Addresses that only this machine reaches. */
const LOOPBACK_ADDRESSES = [...LOOPBACK_HOSTS, "::1"];
/** How long answers have to send their last event after the end of the drain, in milliseconds. */
const LAST_WORDS_MS = 1000;

/**
 * Runs `quern serve`: one JSON line on standard output for each request, what a person should know on
 * standard error.
 *
 * @returns the exit code: 0 once it was asked to end
 */
export async function serve(args: string[]): Promise<number> {
  const options = parseOptions(SERVE_OPTIONS, args);
  const keys = await readKeys(options);
  const bases = await findModels([...options.from, ...options.model], options.checkpoint);
  const models = await addAdapters(bases, options.adapter, options.checkpoint);
  const [drain, stop] = [new AbortController(), new AbortController()];
  const lines = new LineWriter(Deno.stdout.writable);
  await using engine = startEngine({
    models,
    cacheMemoryBytes: options.cacheMemory && options.cacheMemory * 2 ** 20,
    maxBatch: options.maxBatch,
    adapterPlaces: options.adapterPlaces,
    notify: say,
  });
  const app = createApp({
    ...{ engine, keys, limits: options, corsOrigins: options.corsOrigin },
    adapterFolder: options.adapterFolder,
    hosts: [...LOOPBACK_HOSTS, hostName(options.host), ...options.allowHost],
    log: (record) => lines.write(JSON.stringify(record)),
    drain: drain.signal,
    stop: stop.signal,
  });
  await using server = await listen(app, {
    hostname: options.host,
    port: options.port,
    limits: options,
  });
  const asked = whenAskedToEnd();
  const address = `http://${hostName(options.host)}:${server.port}`;
  say(`Listening on ${address} and loading ${models.map(({ id }) => id).join(", ")} …`);
  await Promise.race([engine.ready, asked.once]);
  if (engine.state === "ready") say(`Ready: ${address}/v1`);
  await asked.once;
  drain.abort();
  await drained({ engine, server, stop, seconds: options.drainSeconds, hurry: asked.twice });
  await lines.close();
  return 0;
}

async function readKeys({ apiKeys, host }: ServeOptions): Promise<ApiKey[]> {
  const text = apiKeys === undefined ? environmentKeys() : await Deno.readTextFile(apiKeys);
  const keys = parseKeys(text);
  if (apiKeys !== undefined && keys.length === 0) {
    throw new UsageError(`--api-keys ${apiKeys} holds no key.`);
  }
  if (keys.length === 0 && !LOOPBACK_ADDRESSES.includes(host)) {
    throw new UsageError(
      `--host ${host} lets other machines in, so keys are needed: name a file of them with --api-keys, or set QUERN_API_KEYS.`,
    );
  }
  return keys;
}

/** The variable's keys, one a line or a comma, if the program may read it. */
function environmentKeys(): string {
  const variable = "QUERN_API_KEYS";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? (Deno.env.get(variable) ?? "").replaceAll(",", "\n") : "";
}

/** An address as URLs have it. */
function hostName(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Resolves at the first and the second SIGTERM or Ctrl-C. */
function whenAskedToEnd(): { once: Promise<void>; twice: Promise<void> } {
  const [once, twice] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let asked = 0;
  const ask = () => (asked++ === 0 ? once : twice).resolve();
  Deno.addSignalListener("SIGINT", ask);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", ask);
  return { once: once.promise, twice: twice.promise };
}

interface Drain {
  engine: Engine;
  server: Server;
  /** Aborted when the rest must end. */
  stop: AbortController;
  seconds: number;
  /** Resolves when nothing is waited for any more. */
  hurry: Promise<void>;
}

/** Waits for answers under way as long as they may go on, ends the rest and closes the server. */
async function drained({ engine, server, stop, seconds, hurry }: Drain): Promise<void> {
  say(`Ending: answers under way have ${seconds} s, new requests get 503.`);
  let over = false;
  const deadline = new Promise<void>((resolve) => setTimeout(resolve, 1000 * seconds));
  Promise.race([deadline, hurry]).then(() => over = true);
  while (engine.pending > 0 && !over) await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  await server.close(AbortSignal.timeout(LAST_WORDS_MS));
}

function say(message: string): void {
  console.error(`quern: ${message}`);
}
