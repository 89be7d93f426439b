import { getRequestListener } from "@hono/node-server";
import { createServer, type RequestListener, type Server as NodeServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { HttpError } from "./errors.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";

/** Options of {@linkcode listen}. */
export interface ListenOptions {
  /** Address to listen at. @default "127.0.0.1" */
  hostname?: string;
  /** Port to listen at; 0 for any that is free. @default 8000 */
  port?: number;
  /** Times that connections are kept to. @default the defaults of all limits */
  limits?: Partial<Pick<Limits, "requestSeconds" | "idleSeconds">>;
}

/** A server that listens. */
export interface Server extends AsyncDisposable {
  /** Where it listens. */
  readonly hostname: string;
  /** At which port. */
  readonly port: number;
  /**
   * Takes no more connections, waits for answers under way, and closes all connections.
   *
   * @param signal aborted when no answer is waited for any more
   */
  close(signal?: AbortSignal): Promise<void>;
}

/** How often connections are looked at for having been idle too long, in milliseconds. */
const CHECK_INTERVAL_MS = 1000;

/**
 * Serves an app over HTTP/1.1.
 *
 * It is Node's server and not `Deno.serve`: that one waits for ever on a half-sent request, keeps idle
 * connections, and can't close those of streams. On two cores both carry 40,000 events a second.
 *
 * @throws {Deno.errors.AddrInUse} if the port is taken
 */
export async function listen(
  app: { fetch(request: Request, bindings?: object): Response | Promise<Response> },
  options: ListenOptions = {},
): Promise<Server> {
  const { hostname = "127.0.0.1", port = 8000 } = options;
  const { requestSeconds, idleSeconds } = { ...DEFAULT_LIMITS, ...options.limits };
  // HTTP/1.0 knows no Host.
  const answer = getRequestListener((request, bindings) => app.fetch(request, bindings), {
    overrideGlobalObjects: false,
    hostname: hostname.includes(":") ? `[${hostname}]` : hostname,
  });
  const listener: RequestListener = (incoming, outgoing) => {
    const needsHost = incoming.httpVersion === "1.1" && !incoming.headers.host;
    if (needsHost) refuse({ code: "NO_HOST" }, incoming.socket);
    else answer(incoming, outgoing);
  };
  const server = createServer({
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    headersTimeout: 1000 * requestSeconds,
    requestTimeout: 1000 * requestSeconds,
    keepAliveTimeout: 1000 * idleSeconds,
    requireHostHeader: false, // it would answer with an empty body
  }, listener);
  server.on("clientError", refuse);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, hostname, resolve);
  await promise;
  const close = (signal?: AbortSignal) => closeServer(server, signal);
  return {
    hostname,
    port: (server.address() as AddressInfo).port,
    close,
    [Symbol.asyncDispose]: () => close(AbortSignal.abort()),
  };
}

/** Answers what is no HTTP, or comes too slowly, as every other fault is answered. */
function refuse(error: { code?: string }, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = STATUSES[error.code ?? ""] ?? [400, "Bad Request"];
  const body = JSON.stringify(
    new HttpError(status, `The request is not readable: ${reason}.`).body,
  );
  const length = new TextEncoder().encode(body).length;
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\n` +
      `content-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

const STATUSES: Readonly<Record<string, [400 | 408 | 431, string]>> = {
  NO_HOST: [400, "Bad Request (it has no Host)"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout"],
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large"],
};

async function closeServer(server: NodeServer, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const end = () => server.closeAllConnections();
  if (signal?.aborted) end();
  signal?.addEventListener("abort", end);
  await promise;
  signal?.removeEventListener("abort", end);
}
