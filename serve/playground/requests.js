/** What the playground asks the server, and the same as curl and as TypeScript. */
/** The settings with their bounds; a request leaves out those at their default. */
export const SETTINGS = [
  { name: "max_tokens", label: "Length", unit: "tokens", min: 1, max: 1024, step: 1, initial: 128 },
  {
    name: "temperature",
    label: "Temperature",
    min: 0,
    max: 2,
    step: 0.05,
    default: 1,
    initial: 0.8,
  },
  { name: "top_p", label: "Top-p", min: 0, max: 1, step: 0.01, default: 1, initial: 1 },
  {
    name: "top_k",
    label: "Top-k",
    unit: "0 for all",
    min: 0,
    max: 200,
    step: 1,
    default: 0,
    initial: 0,
  },
  { name: "min_p", label: "Min-p", min: 0, max: 1, step: 0.01, default: 0, initial: 0 },
  {
    name: "presence_penalty",
    label: "Presence penalty",
    min: -2,
    max: 2,
    step: 0.1,
    default: 0,
    initial: 0,
  },
  {
    name: "frequency_penalty",
    label: "Frequency penalty",
    min: -2,
    max: 2,
    step: 0.1,
    default: 0,
    initial: 0,
  },
  {
    name: "repetition_penalty",
    label: "Repetition penalty",
    min: 0.5,
    max: 2,
    step: 0.05,
    default: 1,
    initial: 1,
  },
];

/** Alternatives asked for beside each token. */
const ALTERNATIVES = 5;

/**
 * Path and body of a request.
 *
 * state: { mode, model, path, prompt, messages, values, seed, stop }, path for a model made for a task
 */
export function requestOf(state) {
  const body = { model: state.model };
  if (state.path) return { path: state.path, body: { ...body, input: inputOf(state) } };
  if (state.mode === "chat") body.messages = state.messages;
  else body.prompt = state.prompt;
  for (const { name, default: usual } of SETTINGS) {
    if (state.values[name] === usual) continue;
    body[name === "max_tokens" && state.mode === "chat" ? "max_completion_tokens" : name] =
      state.values[name];
  }
  if (state.seed !== undefined) body.seed = state.seed;
  if (state.stop.length > 0) body.stop = state.stop;
  const path = state.mode === "chat" ? "/v1/chat/completions" : "/v1/completions";
  return { path, body };
}

/** The lines of a text that hold something. */
export function linesOf(text) {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** A text; to translate, each of its lines. */
function inputOf({ path, prompt }) {
  const lines = linesOf(prompt);
  return path === "/translate" && lines.length > 1 ? lines : prompt;
}

/** What a streamed request has beside its body: log-probabilities and the count of tokens. */
export function streamed(mode, body) {
  const scores = mode === "chat"
    ? { logprobs: true, top_logprobs: ALTERNATIVES }
    : { logprobs: ALTERNATIVES };
  return { ...body, ...scores, stream: true, stream_options: { include_usage: true } };
}

/** The request as a command for a shell. */
export function asCurl(origin, { path, body }, needsKey) {
  const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return [
    "curl " + origin + path + " \\",
    "  -H 'Content-Type: application/json' \\",
    ...(needsKey ? ['  -H "Authorization: Bearer $QUERN_API_KEY" \\'] : []),
    "  -d '" + json + "'",
  ].join("\n");
}

/**
 * The request as TypeScript, with the openai package where that knows it. Its types lack a few of our
 * settings.
 */
export function asTypeScript(origin, { path, body }, needsKey) {
  if ("input" in body) return asFetch(origin, { path, body }, needsKey);
  const foreign = ["top_k", "min_p", "repetition_penalty"].filter((name) => name in body);
  const chat = path.includes("chat");
  const key = needsKey ? "process.env.QUERN_API_KEY" : '"none"';
  return [
    'import OpenAI from "openai";',
    "",
    "const client = new OpenAI({ baseURL: " + JSON.stringify(origin + "/v1") + ", apiKey: " + key +
    " });",
    ...(foreign.length > 0
      ? ["// @ts-expect-error: " + foreign.join(", ") + ": beyond OpenAI's own settings"]
      : []),
    "const answer = await client." + (chat ? "chat.completions" : "completions") + ".create(" +
    JSON.stringify(body, null, 2) + ");",
    "console.log(answer.choices[0]." + (chat ? "message.content" : "text") + ");",
  ].join("\n");
}

function asFetch(origin, { path, body }, needsKey) {
  return [
    "const response = await fetch(" + JSON.stringify(origin + path) + ", {",
    '  method: "POST",',
    "  headers: {",
    '    "Content-Type": "application/json",',
    ...(needsKey ? ["    Authorization: `Bearer ${process.env.QUERN_API_KEY}`,"] : []),
    "  },",
    "  body: JSON.stringify(" + JSON.stringify(body, null, 2).replaceAll("\n", "\n  ") + "),",
    "});",
    "console.log((await response.json()).data);",
  ].join("\n");
}
