/** The page at `/docs`: shows `/openapi.json` as tables, everything as text. */
const [main, form] = [document.querySelector("main"), document.querySelector("form")];

form.addEventListener("submit", (event) => {
  event.preventDefault();
  load(form.querySelector("input").value);
});
await load();

async function load(key) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const response = await fetch("/openapi.json", { headers });
  form.hidden = response.status !== 401;
  if (response.ok) main.replaceChildren(...sections(await response.json()));
  else main.replaceChildren(element("p", (await response.json()).error.message));
}

function sections({ paths, components }) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, route]) => {
      const request = route.requestBody?.content["application/json"].schema;
      const answers = Object.entries(route.responses).map((
        [status, { description, content = {} }],
      ) => element("li", code(status), ` ${description}: `, code(Object.keys(content).join(", "))));
      return element(
        "section",
        element("h2", code(`${method.toUpperCase()} ${path}`)),
        element("p", route.summary ?? ""),
        ...(request ? [fields(resolve(request, components), components)] : []),
        element("ul", ...answers),
      );
    })
  );
}

function fields({ properties = {}, required = [] }, components) {
  const rows = Object.entries(properties).map(([name, schema]) => {
    const about = [
      required.includes(name) ? "required" : "",
      ...["minimum", "maximum", "minItems", "maxItems", "maxLength"]
        .filter((key) => schema[key] !== undefined).map((key) => `${key} ${schema[key]}`),
    ].filter(Boolean).join(", ");
    return element(
      "tr",
      element("td", code(name)),
      element("td", typeOf(schema, components)),
      element("td", about),
    );
  });
  const head = element("tr", ...["field", "type", "bounds"].map((text) => element("th", text)));
  return element("table", element("thead", head), element("tbody", ...rows));
}

function typeOf(schema, components) {
  const { type, enum: values, anyOf, oneOf, items } = resolve(schema, components);
  if (values) return values.map((value) => JSON.stringify(value)).join(" | ");
  const kinds = anyOf ?? oneOf;
  if (kinds) return [...new Set(kinds.map((kind) => typeOf(kind, components)))].join(" | ");
  const item = items ? resolve(items, components).type ?? "any" : "";
  return [type ?? "any"].flat().map((each) => each === "array" ? `array of ${item}` : each)
    .join(" | ");
}

function resolve(schema, components) {
  const name = schema.$ref?.split("/").at(-1);
  return name ? components.schemas[name] : schema;
}

function element(name, ...children) {
  const node = document.createElement(name);
  node.append(...children);
  return node;
}

function code(text) {
  return element("code", text);
}
