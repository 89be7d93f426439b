/**
 * What a format costs with GPT-2's 50,257 tokens: compiling it, and masks and accepted tokens of 32
 * answers written in turn, once with nothing remembered and once more. The last line is JSON.
 */
import { Grammars, type OutputFormat } from "../../../serve/grammar/mod.ts";
import { object } from "./schemas.ts";
import { gpt2 } from "./vocabularies.ts";

const ANSWERS = 32;
const item = object({ x: { type: "integer" }, y: { type: "string" } });
const words = (i: number, j: number) => `Some words, and more of them ${i} ${j}`;
const document = (i: number) => ({
  a: Array.from({ length: 6 }, (_, j) => ({ x: i * j, y: words(i, j) })),
  b: null,
});
const nullable = { anyOf: [{ type: "string" }, { type: "null" }] };
const FORMATS: [name: string, format: OutputFormat, text: (i: number) => string][] = [
  ["json_object", { type: "json_object" }, (i) => JSON.stringify(document(i), null, 2)],
  [
    "nested schema",
    { type: "json_schema", schema: object({ a: { type: "array", items: item }, b: nullable }) },
    (i) => JSON.stringify(document(i)),
  ],
  [
    "text of at most 100",
    { type: "json_schema", schema: { type: "string", maxLength: 100 } },
    (i) => JSON.stringify(words(i, 0) + words(i, 1)),
  ],
  [
    "text of at most 2,000",
    { type: "json_schema", schema: { type: "string", maxLength: 2000 } },
    (i) => JSON.stringify(Array.from({ length: 20 }, (_, j) => words(i, j)).join("; ")),
  ],
  [
    "pattern",
    { type: "regex", pattern: "(?:[A-Z][a-z]{2,10} ){1,3}[0-9]{3}-[0-9]{4}" },
    (i) => `Ada Lovelace ${100 + i}-${1000 + i}`,
  ],
  [
    "1,000 choices",
    { type: "choice", choices: Array.from({ length: 1000 }, (_, i) => `number ${i}`) },
    (i) => `number ${i}`,
  ],
];

const tokenizer = await gpt2();
const start = performance.now();
new Grammars(tokenizer);
const openMs = performance.now() - start;
const results: Record<string, Record<string, number>> = {};
const columns = ["compile ms", "first µs/token", "then µs/token", "slowest ms"];
console.log(`reading the tokens: ${openMs.toFixed(0)} ms\n${"".padEnd(22)} ${columns.join("  ")}`);
for (const [name, format, text] of FORMATS) {
  const answers = Array.from({ length: ANSWERS }, (_, i) => [...tokenizer.encode(text(i))]);
  const grammars = new Grammars(tokenizer);
  const compileStart = performance.now();
  const grammar = grammars.compile(format);
  const compileMs = performance.now() - compileStart;
  const rounds = [0, 1].map(() => {
    const constraints = answers.map(() => grammar.constraint());
    let [ms, tokens, slowest] = [0, 0, 0];
    for (let place = 0; place < Math.max(...answers.map(({ length }) => length)); place++) {
      answers.forEach((answer, i) => {
        if (place >= answer.length) return;
        const start = performance.now();
        constraints[i].mask();
        constraints[i].accept(answer[place]);
        const took = performance.now() - start;
        ms += took;
        tokens++;
        slowest = Math.max(slowest, took);
      });
    }
    if (!constraints.every(({ complete }) => complete)) throw new Error(`${name} is incomplete`);
    return { micros: 1000 * ms / tokens, slowest };
  });
  const figures = [compileMs, rounds[0].micros, rounds[1].micros, rounds[0].slowest];
  console.log(
    name.padEnd(22),
    figures.map((figure, i) => figure.toFixed(1).padStart(columns[i].length)).join("  "),
  );
  const [compile, first, then, slowestMs] = figures;
  results[name] = { compileMs: compile, firstMicros: first, thenMicros: then, slowestMs };
}
console.log(JSON.stringify({ openMs, ...results }));
