/** OpenTelemetry spans of answers; without `OTEL_DENO=true` the API makes none. */
import { type Context, trace } from "@opentelemetry/api";
import type { Run } from "./run.ts";

/** What a trace needs of the request. */
export interface TracedRequest {
  /** When the request came in, in `performance.now()`. */
  startedAt: number;
  /** The span that the answer's spans belong to. */
  traceContext: Context;
}

/**
 * Tells of an answer that is over: a span for each sequence that came to its end, and in it those of
 * its wait in the queue, of reading the prompt and of generating.
 */
export function traceRun(run: Run, { startedAt, traceContext }: TracedRequest): void {
  const tracer = trace.getTracer("quern");
  const { model } = run.request;
  for (const { phases, promptTokens, cachedTokens, tokens, reason } of run.sequences) {
    if (phases === undefined) continue;
    let at = performance.timeOrigin + startedAt;
    const { queueMs, prefillMs, decodeMs } = phases;
    const whole = tracer.startSpan("generate", {
      startTime: at,
      attributes: {
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": promptTokens,
        "gen_ai.usage.output_tokens": tokens,
        "gen_ai.response.finish_reasons": [reason ?? ""],
        "quern.cached_tokens": cachedTokens,
      },
    }, traceContext);
    const inside = trace.setSpan(traceContext, whole);
    for (
      const [name, milliseconds] of [
        ["queue", queueMs],
        ["prefill", prefillMs],
        ["decode", decodeMs],
      ] as const
    ) {
      const span = tracer.startSpan(name, { startTime: at }, inside);
      at += milliseconds;
      span.end(at);
    }
    whole.end(at);
  }
}
