/** What a model with a head over classes says of a text: its classes, or the entities in it. */
import { post } from "./stream.js";

/** Classes that are shown. */
const MOST_CLASSES = 12;

/** Asks for the classes of a text and shows them with their probabilities. Throws a Refusal. */
export async function showClasses(element, { model, labels, text, key, signal }) {
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
}

/** Asks for the entities of a text and marks them in it. Throws a Refusal. */
export async function showEntities(element, { model, text, key, signal }) {
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
}

function label(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
