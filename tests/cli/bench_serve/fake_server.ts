/** A server that speaks the protocol with times that are known. */

/** What the server does with a request. */
export interface Behaviour {
  /** Until the first token, in milliseconds. @default 0 */
  firstTokenMs?: number;
  /** Between events, in milliseconds. @default 0 */
  interTokenMs?: number;
  /** Events with text. @default 4 */
  events?: number;
  /** Tokens in each of them. @default 1 */
  tokensPerEvent?: number;
  /** What goes wrong. @default nothing */
  fault?: "429" | "error event" | "broken off" | "no usage" | "no JSON" | "silent";
}

/** What the server was asked. */
export interface Asked {
  path: string;
  key: string | null;
  // deno-lint-ignore no-explicit-any
  body: any;
}

/** A running server. */
export interface FakeServer extends AsyncDisposable {
  url: string;
  asked: Asked[];
  /** Most requests at once. */
  most: number;
}

/** Tokens that the server counts for a prompt: one for each word, and five around it. */
export function countTokens(prompt: string): number {
  return prompt.split(" ").length + 5;
}

/** Starts a server whose behaviour depends on the number of requests before. */
export function startFakeServer(behaviourOf: (request: number) => Behaviour): FakeServer {
  const asked: Asked[] = [];
  let underWay = 0;
  let most = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname: path } = new URL(request.url);
      if (path === "/v1/models") {
        return Response.json({ data: [{ id: "first" }, { id: "second" }] });
      }
      const body = await request.json();
      asked.push({ path, key: request.headers.get("authorization"), body });
      const behaviour = behaviourOf(asked.length - 1);
      if (behaviour.fault === "429") return new Response("later", { status: 429 });
      most = Math.max(most, ++underWay);
      const stream = ReadableStream.from(answer(body, behaviour)).pipeThrough(
        new TransformStream<string, string>({ flush: () => void underWay-- }),
      ).pipeThrough(new TextEncoderStream());
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    get most() {
      return most;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

// deno-lint-ignore no-explicit-any
async function* answer(body: any, behaviour: Behaviour): AsyncGenerator<string> {
  const { firstTokenMs = 0, interTokenMs = 0, events = 4, tokensPerEvent = 1, fault } = behaviour;
  const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
  const isChat = body.messages !== undefined;
  const choice = (text: string) => isChat ? { delta: { content: text } } : { text };
  if (isChat) yield event({ choices: [{ delta: { role: "assistant", content: "" } }] });
  yield ": ping\n\n";
  await pause(firstTokenMs);
  for (let i = 0; i < events; i++) {
    if (i > 0) await pause(interTokenMs);
    yield event({ choices: [choice("word ")], usage: null });
    if (fault === "silent") await pause(2000);
    if (fault === "broken off") return;
    if (fault === "no JSON") yield "data: {\n\n";
    if (fault === "error event") yield event({ error: { type: "server_error", message: "no" } });
  }
  yield event({ choices: [{ ...choice(""), finish_reason: "length" }], usage: null });
  const prompt = isChat ? body.messages[0].content : body.prompt;
  const usage = {
    prompt_tokens: countTokens(prompt),
    completion_tokens: events * tokensPerEvent,
  };
  if (fault !== "no usage") yield event({ choices: [], usage });
  yield "data: [DONE]\n\n";
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
