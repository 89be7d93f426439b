import type { Context } from "hono";
import type { AnswerEvent, AnswerRequest } from "../engine/mod.ts";
import { clientGone } from "../errors.ts";
import type { AppEnv, Services } from "../services.ts";
import { eventStream } from "./event_stream.ts";
import { Run, type RunOptions } from "./run.ts";
import { traceRun } from "./trace.ts";

/**
 * Starts an answer on the engine; it is over when it is disposed of.
 *
 * @throws {HttpError} where it can't be started, before anything of an answer is sent
 */
export async function startAnswer(
  c: Context<AppEnv>,
  services: Services,
  request: AnswerRequest,
  about: Pick<RunOptions, "answersPerPrompt" | "formatParam">,
): Promise<Run> {
  const { startedAt, facts } = c.get("exchange");
  const run = new Run(request, {
    ...services,
    ...about,
    ...{ startedAt, gone: c.req.raw.signal },
  });
  facts.model = request.model;
  services.metrics.countChoices(request.model, about.answersPerPrompt);
  if (request.format !== undefined) await run.accepted();
  return run;
}

/**
 * Takes in the events of an answer to its end, then settles its account.
 *
 * @throws {HttpError} where it failed, or 499 where the client has gone, which only the log sees
 */
export async function collectAnswer(
  c: Context<AppEnv>,
  services: Services,
  run: Run,
  take: (events: readonly AnswerEvent[]) => void,
): Promise<void> {
  using _ = run;
  try {
    for (let events = await run.next(); events.length > 0; events = await run.next()) take(events);
    if (run.left) throw clientGone();
  } finally {
    settle(c, services, run);
  }
}

/** What the events of an answer become in a stream. */
export interface StreamWriter {
  /** The text of the events' chunks; empty where they make none. */
  write(events: readonly AnswerEvent[]): string;
  /** The text of what follows the last event. */
  end(run: Run): string;
}

/** Answers with server-sent events. */
export function streamAnswer(
  c: Context<AppEnv>,
  services: Services,
  run: Run,
  writer: StreamWriter,
): Response {
  const exchange = c.get("exchange");
  exchange.streams = true;
  exchange.facts.stream = true;
  let ended = false;
  return eventStream({
    stalledSeconds: services.limits.stalledSeconds,
    hangUp: c.env?.outgoing && (() => c.env.outgoing!.destroy()),
    async next() {
      while (!ended) {
        const events = await run.next();
        ended = events.length === 0;
        const text = ended ? writer.end(run) : writer.write(events);
        if (text !== "") return text;
      }
    },
    end(error) {
      run[Symbol.dispose]();
      if (error) exchange.fail(error);
      settle(c, services, run);
      exchange.end();
    },
  });
}

/** Tells quota, log and traces what an answer came to. */
function settle(c: Context<AppEnv>, services: Services, run: Run): void {
  const exchange = c.get("exchange");
  const { prompt_tokens, completion_tokens, total_tokens } = run.usage;
  services.quota.spend(exchange.client!, total_tokens);
  const [first] = run.sequences;
  Object.assign(exchange.facts, {
    prompt_tokens,
    completion_tokens,
    finish_reasons: run.sequences.map(({ reason = "abort" }) => reason),
    first_token_ms: first.firstTokenMs === undefined
      ? undefined
      : Math.round(10 * first.firstTokenMs) / 10,
  });
  traceRun(run, exchange);
}
