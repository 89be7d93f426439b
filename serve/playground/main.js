/** The playground itself: a prompt or a chat goes out, tokens come in. */
import { asCurl, asTypeScript, requestOf, streamed } from "./requests.js";
import { limitLength, makeSliders, readSettings } from "./settings.js";
import { ask, listModels, Tokens } from "./stream.js";
import { TASKS } from "./told.js";
import { followTokens, TextView } from "./transcript.js";

const find = (id) => document.getElementById(id);
const [transcript, prompt, model, stats] = ["transcript", "prompt", "model", "stats"].map(find);
const [send, stop, again] = ["send", "stop", "regenerate"].map(find);
const hint = find("hint");
const usualHint = hint.textContent;

const HINTS = {
  completion: { action: "Generate", placeholder: "Once upon a time" },
  chat: { action: "Send", placeholder: "Say something" },
};

/** What was said, as the server takes it; in chat, each answer with its view. */
let turns = [];
/** The last request, to be copied or repeated. */
let last;
let running;
let key = sessionStorage.getItem("key") ?? "";
let models = [];

const chosen = () => models.find(({ id }) => id === model.value) ?? {};
/** What the model was made for, where that is more than to go on with a text. */
const task = () => TASKS[chosen().tells ?? chosen().task];
const mode = () => document.querySelector("[name=mode]:checked").value;

function stateOf(text) {
  const system = find("system").value.trim();
  const said = turns.map(({ role, content }) => ({ role, content }));
  return {
    ...readSettings(),
    mode: mode(),
    model: model.value,
    path: task()?.path,
    prompt: text,
    messages: [...(system ? [{ role: "system", content: system }] : []), ...said],
  };
}

function say(error) {
  find("error").hidden = !error;
  find("error").textContent = error?.message ?? "";
  if (error?.status === 401) {
    find("key-form").hidden = false;
    find("key").focus();
  }
}

/** Asks and writes what comes, until the end, an error or Stop. */
async function run(text) {
  say();
  const chat = mode() === "chat";
  const state = stateOf(text);
  last = { text, request: requestOf(state), mode: state.mode };
  const view = new TextView(transcript, chat ? "assistant" : "completion");
  if (!chat) view.prompt(text);
  view.writing = true;
  running = new AbortController();
  setRunning(true);
  const [clock, reader] = [new Clock(), new Tokens()];
  let reason = "stopped";
  try {
    for await (const event of answer()) {
      const tokens = reader.take(event);
      for (const token of tokens) view.token(token);
      clock.count(event, tokens);
      reason = event.choices?.[0]?.finish_reason ?? reason;
      stats.textContent = clock.text;
    }
  } catch (error) {
    if (!running.signal.aborted) {
      reason = "failed";
      say(error);
    }
  }
  view.writing = false;
  if (view.text === "" && reason === "failed") view.remove();
  else if (chat) turns.push({ role: "assistant", content: view.text, view });
  last.view = view;
  stats.textContent = [clock.text, REASONS[reason] ?? reason].filter(Boolean).join(" · ");
  setRunning(false);
}

/** The events of the answer to the last request, shortened where the prompt leaves no room for its length. */
async function* answer() {
  const { request: { path, body }, mode } = last;
  const options = { key, signal: running.signal };
  try {
    yield* ask(path, streamed(mode, body), options);
  } catch (error) {
    if (!(error.room > 0)) throw error;
    body[mode === "chat" ? "max_completion_tokens" : "max_tokens"] = error.room;
    yield* ask(path, streamed(mode, body), options);
  }
}

const REASONS = { stop: "ended by itself", length: "length reached", stopped: "stopped" };

/** Time to the first token, and tokens a second after it. */
class Clock {
  start = performance.now();
  tokens = 0;

  count(event, tokens) {
    const now = performance.now();
    if (tokens.length > 0) {
      this.first ??= { at: now, tokens: tokens.length };
      this.tokens += tokens.length;
      this.last = now;
    }
    if (event.usage) this.tokens = event.usage.completion_tokens;
  }

  get text() {
    if (!this.first) return "";
    const seconds = (this.last - this.first.at) / 1000;
    const speed = seconds > 0 ? (this.tokens - this.first.tokens) / seconds : 0;
    return [
      this.tokens + (this.tokens === 1 ? " token" : " tokens"),
      "first after " + Math.round(this.first.at - this.start) + " ms",
      ...(speed > 0 ? [speed.toFixed(speed < 10 ? 1 : 0) + " tokens/s"] : []),
    ].join(" · ");
  }
}

function setRunning(on) {
  const held = [send, stop, again].includes(document.activeElement);
  send.hidden = on;
  stop.hidden = !on;
  again.disabled = on || !last;
  model.disabled = on;
  for (const radio of document.querySelectorAll("[name=mode]")) radio.disabled = on;
  if (held) (on ? stop : send).focus();
  if (!on) running = undefined;
}

/** Shows what a model that was made for a task says of a text. */
async function tell(text) {
  say();
  transcript.replaceChildren(hint);
  stats.textContent = "";
  const view = new TextView(transcript, "user");
  view.prompt(text);
  last = { text, request: requestOf(stateOf(text)) };
  running = new AbortController();
  setRunning(true);
  const { id, labels } = chosen();
  try {
    last.told = await task().show(view.element, {
      ...{ model: id, labels, text, key, signal: running.signal },
      tell: (figures) => stats.textContent = figures,
    });
  } catch (error) {
    if (!running.signal.aborted) say(error);
  }
  setRunning(false);
}

async function submit() {
  const text = prompt.value;
  if (running || text.trim() === "" && (task() || text === "")) return;
  hint.hidden = true;
  if (task()) return await tell(text);
  if (mode() === "completion") {
    last?.view?.remove();
    return await run(text);
  }
  prompt.value = "";
  new TextView(transcript, "user").prompt(text);
  turns.push({ role: "user", content: text });
  await run(text);
}

async function regenerate() {
  if (running || !last || task()) return;
  last.view?.remove();
  if (turns.at(-1)?.role === "assistant") turns.pop();
  await run(last.text);
}

function setMode() {
  const chat = mode() === "chat" && !task();
  const { action, placeholder, hint: text } = task() ?? HINTS[mode()];
  document.body.classList.toggle("chat", chat);
  send.textContent = action;
  prompt.placeholder = placeholder;
  transcript.replaceChildren(hint);
  hint.textContent = text ?? usualHint;
  hint.hidden = task() !== undefined && text === undefined;
  turns = [];
  last = undefined;
  again.disabled = true;
  stats.textContent = "";
}

async function loadModels() {
  try {
    models = await listModels(key);
    find("key-form").hidden = true;
    say();
  } catch (error) {
    return say(error);
  }
  model.replaceChildren(...models.map(({ id }) => new Option(id, id)));
  setModel();
}

function setModel() {
  const { max_model_len: context, task: name } = chosen();
  if (context) limitLength(context);
  document.body.classList.toggle("tells", task() !== undefined);
  if (name === "chat") document.querySelector("[name=mode][value=chat]").checked = true;
  setMode();
}

async function copy(button) {
  const request = last?.request ?? requestOf(stateOf(prompt.value || HINTS.completion.placeholder));
  const text = {
    text: () =>
      last?.told ?? (last?.view ? (last.mode === "chat" ? "" : last.text) + last.view.text : ""),
    curl: () => asCurl(location.origin, request, key !== ""),
    typescript: () => asTypeScript(location.origin, request, key !== ""),
  }[button.dataset.copy]();
  const label = button.textContent;
  await navigator.clipboard.writeText(text).then(
    () => button.textContent = "Copied",
    () => button.textContent = "The browser does not allow it",
  );
  setTimeout(() => button.textContent = label, 1500);
}

function toggleSettings(open) {
  find("settings").classList.toggle("open", open);
  find("open-settings").setAttribute("aria-expanded", String(open));
}

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
find("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = find("key").value;
  sessionStorage.setItem("key", key);
  loadModels();
});
stop.addEventListener("click", () => running?.abort());
again.addEventListener("click", regenerate);
model.addEventListener("change", setModel);
for (const radio of document.querySelectorAll("[name=mode]")) {
  radio.addEventListener("change", setMode);
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => copy(button));
}
find("open-settings").addEventListener(
  "click",
  () => toggleSettings(!find("settings").classList.contains("open")),
);
find("close-settings").addEventListener("click", () => toggleSettings(false));
document.addEventListener("pointerdown", (event) => {
  if (!find("settings").contains(event.target) && event.target !== find("open-settings")) {
    toggleSettings(false);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    running?.abort();
    toggleSettings(false);
    find("alternatives").hidden = true;
  } else if (event.altKey && event.code === "KeyR") {
    event.preventDefault();
    regenerate();
  }
});
prompt.addEventListener("keydown", (event) => {
  const plainEnter = event.key === "Enter" && !event.shiftKey && !event.isComposing;
  if (plainEnter && (event.ctrlKey || event.metaKey || document.body.classList.contains("chat"))) {
    event.preventDefault();
    submit();
  }
});

makeSliders(find("sliders"));
followTokens(transcript);
setMode();
await loadModels();
prompt.focus();
