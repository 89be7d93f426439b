/** Reading the server's answer as it comes. */
/** The server said no; the message says why, in its own words or in ours. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Asks for a streamed answer and gives each event's JSON. Throws a Refusal. */
export async function* ask(path, body, { key, signal }) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...bearer(key) },
    body: JSON.stringify(body),
    signal,
  }).catch((error) => {
    if (signal.aborted) throw error;
    throw new Refusal(0, "The server cannot be reached. Is it still running?");
  });
  if (!response.ok) throw await refusal(response);
  let rest = "";
  for await (const part of chunks(response.body.pipeThrough(new TextDecoderStream()))) {
    const events = (rest + part).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      if (!event.startsWith("data: ")) continue;
      const data = event.slice("data: ".length);
      if (data === "[DONE]") return;
      const json = JSON.parse(data);
      if (json.error) throw new Refusal(500, "The server failed on the way: " + json.error.message);
      yield json;
    }
  }
  throw new Refusal(0, "The connection broke before the answer was over.");
}

/** The models the server has. Throws a Refusal. */
export async function listModels(key) {
  const response = await fetch("/v1/models", { headers: bearer(key) }).catch(() => {
    throw new Refusal(0, "The server cannot be reached. Is it still running?");
  });
  if (!response.ok) throw await refusal(response);
  return (await response.json()).data;
}

/** Not every browser can walk over a stream. */
async function* chunks(stream) {
  const reader = stream.getReader();
  try {
    for (let next; !(next = await reader.read()).done;) yield next.value;
  } finally {
    reader.cancel().catch(() => {});
  }
}

const bearer = (key) => key ? { Authorization: "Bearer " + key } : {};

async function refusal(response) {
  const said = await response.json().then((body) => body.error.message, () => undefined);
  if (response.status === 401) return new Refusal(401, "The server does not know this key.");
  if (response.status === 429) {
    const seconds = response.headers.get("Retry-After");
    return new Refusal(
      429,
      "The server is busy" + (seconds ? "; try again in " + seconds + " s." : "; try again soon."),
    );
  }
  return new Refusal(
    response.status,
    said ?? "The server answered " + response.status + " and did not say why.",
  );
}

/** The tokens of an event: [{ text, logprob?, top? }], whose texts together are what was written. */
export function tokensOf(event) {
  const choice = event.choices?.[0];
  if (!choice) return [];
  const text = choice.delta ? choice.delta.content ?? "" : choice.text ?? "";
  const tokens = choice.delta ? fromChat(choice.logprobs) : fromCompletion(choice.logprobs);
  if (tokens.map((token) => token.text).join("") === text) {
    return tokens.filter((token) => token.text !== "");
  }
  // Characters that are split over tokens, or text that was held back: shown together.
  if (text === "") return [];
  return [{ ...tokens.at(-1), text }];
}

function fromChat(logprobs) {
  return (logprobs?.content ?? []).map(({ token, logprob, top_logprobs }) => ({
    text: token,
    logprob,
    top: top_logprobs.map((each) => [each.token, each.logprob]),
  }));
}

function fromCompletion(logprobs) {
  return (logprobs?.tokens ?? []).map((text, i) => ({
    text,
    logprob: logprobs.token_logprobs[i],
    top: Object.entries(logprobs.top_logprobs?.[i] ?? {}).sort((a, b) => b[1] - a[1]),
  }));
}
