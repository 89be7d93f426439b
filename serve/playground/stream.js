/** Reading the server's answer as it comes. */
/**
 * The server said no; the message says why, in its own words or in ours. Where the length was too much,
 * `room` is what the prompt leaves of the context.
 */
export class Refusal extends Error {
  constructor(status, message, room) {
    super(message);
    this.status = status;
    this.room = room;
  }
}

/** Asks for a streamed answer and gives each event's JSON. Throws a Refusal. */
export async function* ask(path, body, client) {
  const response = await send(path, body, client);
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

/** Asks for an answer that comes as a whole. Throws a Refusal. */
export async function post(path, body, client) {
  const response = await send(path, body, client);
  return await response.json();
}

/** Sends a request. Throws a Refusal unless the answer is good. */
async function send(path, body, { key, signal }) {
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
  return response;
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
  const error = await response.json().then((body) => body.error, () => undefined);
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
    error?.message ?? "The server answered " + response.status + " and did not say why.",
    error?.n_ctx - error?.n_prompt_tokens,
  );
}

/**
 * The tokens of an answer as its events come, whose texts together are what was written. An event's
 * probabilities may be ahead of its text: the server holds back what may become a stop text.
 */
export class Tokens {
  #tokens = [];
  #text = "";

  /** What an event adds: [{ text, logprob?, top? }]. */
  take(event) {
    const choice = event.choices?.[0];
    if (!choice) return [];
    this.#text += (choice.delta ? choice.delta.content : choice.text) ?? "";
    const more = choice.delta ? fromChat(choice.logprobs) : fromCompletion(choice.logprobs);
    this.#tokens.push(...more.filter(({ text }) => text !== ""));
    const found = [];
    while (this.#text !== "" && this.#tokens.length > 0) {
      const [{ text }] = this.#tokens;
      if (this.#text.startsWith(text)) found.push(this.#next(1, text.length));
      else if (text.startsWith(this.#text)) break; // its rest is held back
      else found.push(...this.#joined());
    }
    const isOver = choice.finish_reason !== null;
    if (this.#text !== "" && (isOver || this.#tokens.length === 0)) {
      found.push(this.#next(1, this.#text.length));
    }
    return found;
  }

  /** The parts of a character as one, up to the next token that is whole; nothing where they have no text. */
  #joined() {
    const whole = this.#tokens.findIndex(({ text }, i) =>
      i > 0 && !/\ufffd|^bytes:/.test(text) && this.#text.includes(text)
    );
    if (whole < 0) return [this.#next(this.#tokens.length, this.#text.length)];
    const length = this.#text.indexOf(this.#tokens[whole].text);
    const token = this.#next(whole, length);
    return length > 0 ? [token] : [];
  }

  #next(count, length) {
    const token = { ...this.#tokens.splice(0, count).at(-1), text: this.#text.slice(0, length) };
    this.#text = this.#text.slice(length);
    return token;
  }
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
