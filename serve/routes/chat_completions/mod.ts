/** `POST /v1/chat/completions`. */
import type { TemplateMessage } from "../../../data/mod.ts";
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { AnswerEvent, OutputFormat } from "../../engine/mod.ts";
import { badRequest } from "../../errors.ts";
import {
  ChunkWriter,
  collectAnswer,
  planAnswers,
  startAnswer,
  streamAnswer,
  SYSTEM_FINGERPRINT,
} from "../../generation/mod.ts";
import { assertStreamOptions, jsonRequest, jsonResponses } from "../../schema/mod.ts";
import { type AppEnv, findModel, type Services } from "../../services.ts";
import { assertFits, encodeChat } from "../../text/mod.ts";
import { chatPart } from "./parts.ts";
import { chatCompletionBody, chatCompletionRequest } from "./schema.ts";
import type { ChatChoice, ChatCompletionMessage, ChatCompletionRequest } from "./types.ts";

export type {
  ChatChoice,
  ChatCompletionBody,
  ChatCompletionMessage,
  ChatCompletionRequest,
  ChatLogprobs,
  ChatToken,
  ResponseFormat,
  TextPart,
} from "./types.ts";

const route = createRoute({
  method: "post",
  path: "/v1/chat/completions",
  summary: "Goes on with a chat; with `stream` as server-sent events",
  request: jsonRequest(chatCompletionRequest),
  responses: jsonResponses("The assistant's messages", chatCompletionBody, true),
});

/** The route of chat completions. */
export function chatCompletions(services: Services) {
  return new OpenAPIHono<AppEnv>().openapi(route, async (c) => {
    const fields = c.req.valid("json");
    const { limits } = services;
    assertStreamOptions(fields);
    if (fields.messages.length > limits.messages) {
      throw badRequest(`messages must have at most ${limits.messages} items`, {
        param: "messages",
      });
    }
    const logprobs = logprobsOf(fields);
    const model = findModel(services, fields.model, "writes");
    const prompt = encodeChat(model, fields.messages.map(templateMessage));
    const asked = maxTokensOf(fields);
    assertFits(model, prompt.length, asked ?? 1, "messages");
    const n = fields.n ?? 1;
    const format = formatOf(fields);
    const request = planAnswers(fields, {
      ...{ model, limits, client: c.get("exchange").client!, prompts: [prompt], logprobs },
      maxTokens: [asked ?? model.context - prompt.length],
      format,
      stop: model.chatTemplate.stop,
    });
    const run = await startAnswer(c, services, request, {
      ...{ answersPerPrompt: n, formatParam: format ? "response_format" : "structured_outputs" },
    });
    const head = {
      id: `chatcmpl-${crypto.randomUUID()}`,
      created: Math.floor(Date.now() / 1000),
      model: model.id,
    };
    if (fields.stream) {
      const chunks = new ChunkWriter(
        { ...head, object: "chat.completion.chunk" },
        fields.stream_options ?? {},
      );
      const write = (event: AnswerEvent) =>
        deltasOf(chatPart(model.tokenizer, event)).map((choice) => chunks.choice(choice)).join("");
      return streamAnswer(c, services, run, {
        write: (events) => events.map(write).join(""),
        end: ({ usage }) => chunks.usage(usage),
      }) as never; // a stream has no body of the described type
    }
    const choices = Array.from({ length: n }, (_, index): ChatChoice => ({
      index,
      message: { role: "assistant", content: "", refusal: null },
      logprobs: logprobs === undefined ? null : { content: [], refusal: null },
      finish_reason: "stop",
    }));
    await collectAnswer(c, services, run, (events) => {
      for (const event of events) {
        const { sequence, content, logprobs, finish_reason } = chatPart(model.tokenizer, event);
        const choice = choices[sequence];
        choice.message.content += content;
        choice.logprobs?.content.push(...logprobs?.content ?? []);
        choice.finish_reason = finish_reason ?? choice.finish_reason;
      }
    });
    return c.json({
      ...head,
      object: "chat.completion" as const,
      system_fingerprint: SYSTEM_FINGERPRINT,
      choices,
      usage: run.usage,
    }, 200);
  });
}

/** The JSON of the choices of a stream's chunks for a part. */
function deltasOf(
  { sequence, begins, content, logprobs, finish_reason }: ReturnType<typeof chatPart>,
): string[] {
  const choice = (delta: Record<string, unknown>) =>
    JSON.stringify({ index: sequence, delta, logprobs, finish_reason });
  if (begins) return [choice({ role: "assistant", content: "", refusal: null })];
  if (finish_reason !== null) return [choice({})];
  return content !== "" || logprobs ? [choice({ content })] : [];
}

function templateMessage({ role, content, name }: ChatCompletionMessage): TemplateMessage {
  const text = typeof content === "string" ? content : content.map(({ text }) => text).join("\n");
  return {
    role: role === "developer" ? "system" : role,
    content: text,
    ...(name ? { name } : {}),
  };
}

/** Number of likeliest tokens to tell, if any log-probabilities are asked for. */
function logprobsOf(
  { logprobs, top_logprobs }: ChatCompletionRequest,
): number | undefined {
  if (logprobs) return top_logprobs ?? 0;
  if (top_logprobs === undefined || top_logprobs === null) return undefined;
  throw badRequest("top_logprobs may be there only with logprobs set to true", {
    param: "top_logprobs",
  });
}

function maxTokensOf(
  { max_completion_tokens, max_tokens }: ChatCompletionRequest,
): number | undefined {
  const [now, before] = [max_completion_tokens ?? undefined, max_tokens ?? undefined];
  if (now !== undefined && before !== undefined && now !== before) {
    throw badRequest(
      `max_tokens is another name of max_completion_tokens; they must be equal, got ${before} and ${now}`,
      { param: "max_tokens" },
    );
  }
  return now ?? before;
}

function formatOf({ response_format: format }: ChatCompletionRequest): OutputFormat | undefined {
  if (format?.type === "json_object") return format;
  if (format?.type !== "json_schema") return undefined;
  const { schema } = format.json_schema;
  return schema ? { type: "json_schema", schema } : { type: "json_object" };
}
