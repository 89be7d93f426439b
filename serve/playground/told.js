/** What models that were made for a task say of a text: its classes, the entities in it, its translation. */
import { linesOf } from "./requests.js";
import { post } from "./stream.js";

/** What the page shows for each task: what its button says, where it asks, and how it shows the answer. */
export const TASKS = {
  texts: { action: "Classify", placeholder: "A text", path: "/classify", show: showClasses },
  words: { action: "Mark", placeholder: "A text", path: "/tag", show: showEntities },
  translate: {
    action: "Translate",
    placeholder: "Sentences, one a line",
    hint: "Write sentences, one a line; the translation of each comes beside it.",
    path: "/translate",
    show: showTranslations,
  },
};

/** Classes that are shown. */
const MOST_CLASSES = 12;

/** Asks for the classes of a text and shows them with their probabilities. Throws a Refusal. */
async function showClasses(element, { model, labels, text, key, signal }) {
  const { data: [{ probs }] } = await post("/classify", { model, input: text }, { key, signal });
  const list = document.createElement("ol");
  list.className = "classes";
  const order = [...probs.keys()].sort((a, b) => probs[b] - probs[a]).slice(0, MOST_CLASSES);
  for (const k of order) {
    const row = document.createElement("li");
    row.style.setProperty("--share", String(probs[k]));
    row.append(label("span", labels[k]), label("b", `${(100 * probs[k]).toFixed(1)}%`));
    list.append(row);
  }
  element.after(list);
  return order.map((k) => `${labels[k]} ${(100 * probs[k]).toFixed(1)}%`).join("\n");
}

/** Asks for the entities of a text and marks them in it. Throws a Refusal. */
async function showEntities(element, { model, text, key, signal }) {
  const { data: [{ entities }] } = await post("/tag", { model, input: text }, { key, signal });
  const characters = [...text];
  const parts = [];
  let at = 0;
  for (const { start, end, type, score } of entities) {
    parts.push(characters.slice(at, start).join(""));
    const mark = label("mark", characters.slice(start, end).join(""));
    mark.title = `${(100 * score).toFixed(1)}% sure`;
    mark.append(label("small", type));
    parts.push(mark);
    at = end;
  }
  element.replaceChildren(...parts, characters.slice(at).join(""));
  return entities.map(({ type, text }) => `${type} ${text}`).join("\n");
}

/** Lines that are asked for at once: the first are read while others are translated. */
const LINES = 16;

/**
 * Asks for the translation of each line of a text and shows it beside the line. What has come stays
 * where the rest fails. Throws a Refusal.
 */
async function showTranslations(element, { model, text, key, signal, tell }) {
  const lines = linesOf(text);
  const { table, cells } = tableOf(lines);
  element.replaceWith(table);
  const begin = performance.now();
  const found = [];
  let tokens = 0;
  try {
    while (found.length < lines.length) {
      const input = lines.slice(found.length, found.length + LINES);
      const { data, usage } = await post("/translate", { model, input }, { key, signal });
      tokens += usage.completion_tokens;
      for (const { text } of data) {
        fill(cells[found.length], text);
        found.push(text);
      }
      const count = found.length < lines.length
        ? `${found.length} of ${lines.length}`
        : found.length;
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      tell(`${count} ${lines.length === 1 ? "line" : "lines"} · ${tokens} tokens · ${seconds} s`);
    }
  } finally {
    for (const cell of cells.slice(found.length)) fill(cell, "");
  }
  return found.join("\n");
}

/** A table of lines with an empty cell beside each. */
function tableOf(lines) {
  const table = document.createElement("table");
  table.className = "sides";
  const head = table.createTHead().insertRow();
  for (const name of ["Text", "Translation"]) {
    const cell = label("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  const cells = lines.map((line) => {
    const row = body.insertRow();
    fill(row.insertCell(), line);
    const cell = row.insertCell();
    cell.ariaBusy = "true";
    return cell;
  });
  return { table, cells };
}

/** Puts a text into a cell, from the side that its script begins at. */
function fill(cell, text) {
  cell.textContent = text;
  cell.dir = "auto";
  cell.ariaBusy = null;
}

function label(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
