import type { MiddlewareHandler } from "hono";
import { HttpError } from "../errors.ts";
import type { Client } from "../keys.ts";
import type { Limits } from "../limits.ts";
import type { AppEnv } from "../services.ts";

type QuotaLimits = Pick<Limits, "requestsPerMinute" | "tokensPerMinute">;

/** What is left to a client. */
interface Account {
  requests: number;
  tokens: number;
  /** When it was last filled up, in milliseconds. */
  at: number;
}

/** Keeps clients to their requests and tokens a minute; what is not used is not saved up. */
export class Quota {
  readonly #accounts = new Map<string, Account>();

  /** @param now the time in milliseconds */
  constructor(
    private readonly limits: QuotaLimits,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Takes a request from the client's account.
   *
   * @throws {HttpError} 429 where nothing is left
   */
  admit(client: Client): void {
    const { requestsPerMinute, tokensPerMinute } = this.limits;
    const account = this.#account(client);
    if (requestsPerMinute > 0 && account.requests < 1) {
      throw overQuota("requests", requestsPerMinute, 1 - account.requests);
    }
    if (tokensPerMinute > 0 && account.tokens <= 0) {
      throw overQuota("tokens", tokensPerMinute, 1 - account.tokens);
    }
    account.requests--;
  }

  /** Takes tokens from the client's account, which may have to wait longer for it afterwards. */
  spend(client: Client, tokens: number): void {
    this.#account(client).tokens -= tokens;
  }

  /** The client's account, filled up for the time that has passed. */
  #account({ salt }: Client): Account {
    const { requestsPerMinute, tokensPerMinute } = this.limits;
    const at = this.now();
    const account = this.#accounts.get(salt) ??
      { requests: requestsPerMinute, tokens: tokensPerMinute, at };
    const minutes = (at - account.at) / 60_000;
    account.requests = Math.min(
      requestsPerMinute,
      account.requests + minutes * requestsPerMinute,
    );
    account.tokens = Math.min(tokensPerMinute, account.tokens + minutes * tokensPerMinute);
    account.at = at;
    this.#accounts.set(salt, account);
    return account;
  }
}

/** Counts the requests of each client against its quota. */
export function limitRate(quota: Quota): MiddlewareHandler<AppEnv> {
  return async function limitRate(c, next) {
    const { client } = c.get("exchange");
    if (client && c.req.method === "POST") quota.admit(client);
    await next();
  };
}

function overQuota(what: string, perMinute: number, missing: number): HttpError {
  const seconds = Math.max(1, Math.ceil(60 * missing / perMinute));
  return new HttpError(
    429,
    `This key has used its ${perMinute} ${what} a minute; try again in ${seconds} seconds.`,
    { headers: { "retry-after": String(seconds) } },
  );
}
