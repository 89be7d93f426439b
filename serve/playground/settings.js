/** The settings beside the text: sliders with numbers, kept in the browser. */
import { SETTINGS } from "./requests.js";

const values = {};

/** Puts a slider and a number for each setting into the page. */
export function makeSliders(place) {
  for (const setting of SETTINGS) {
    const row = document.createElement("div");
    row.className = "slider";
    const label = document.createElement("label");
    label.textContent = setting.label;
    const unit = document.createElement("small");
    unit.textContent = setting.unit ?? "";
    label.append(unit);
    const [range, number] = ["range", "number"].map((type) => {
      const input = document.createElement("input");
      Object.assign(input, { type, min: setting.min, max: setting.max, step: setting.step });
      input.name = setting.name;
      input.setAttribute("aria-label", setting.label);
      return input;
    });
    const set = (value) => {
      values[setting.name] = value;
      range.value = number.value = String(value);
    };
    range.addEventListener("input", () => set(Number(range.value)));
    number.addEventListener("change", () => {
      const given = number.value === "" ? setting.initial : Number(number.value);
      set(Math.min(setting.max, Math.max(setting.min, given)));
    });
    set(setting.initial);
    row.append(label, number, range);
    place.append(row);
  }
  const row = document.createElement("div");
  row.className = "slider";
  const label = document.createElement("label");
  label.htmlFor = "seed";
  label.textContent = "Seed";
  const hint = document.createElement("small");
  hint.textContent = "empty: random";
  label.append(hint);
  const seed = document.createElement("input");
  Object.assign(seed, { type: "number", id: "seed", min: 0, max: 4294967295, step: 1 });
  row.append(label, seed);
  place.append(row);
}

/** The settings as they stand. */
export function readSettings() {
  const seed = document.getElementById("seed").value;
  const stop = document.getElementById("stop-texts").value.split("\n").filter((line) =>
    line !== ""
  );
  return { values: { ...values }, seed: seed === "" ? undefined : Number(seed), stop };
}

/** Bounds the length by the model's context, half of which is left to the prompt at first. */
export function limitLength(context) {
  const setting = SETTINGS.find(({ name }) => name === "max_tokens");
  setting.max = Math.max(1, context - 1);
  const wanted = Math.min(values.max_tokens, Math.max(1, context >> 1));
  values.max_tokens = wanted;
  for (const input of document.querySelectorAll("[name=max_tokens]")) {
    input.max = String(setting.max);
    input.value = String(wanted);
  }
}
