import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { assertThrows } from "@std/assert";
import process from "node:process";
import type { Constraint } from "../../../model/generation/request.ts";
import { Grammars, type OutputFormat } from "../../../serve/grammar/mod.ts";
import { CASES, object } from "./schemas.ts";
import { byteTokenizer, characters, gpt2, jsonBpe, pieces } from "./vocabularies.ts";
import { isAllowed, randomNumbers, tokensOf, Walker } from "./walk.ts";

const JSON_OBJECT: OutputFormat = { type: "json_object" };
/** What a refusal may take of the processor, in milliseconds: on an idle machine, of time. */
const MAX_MS = 200;

const gpt2Tokenizer = await gpt2();
const WALKERS: [string, Walker][] = [
  ["GPT-2", new Walker(gpt2Tokenizer)],
  ["JSON", new Walker(await jsonBpe())],
  ["pieces", new Walker(pieces())],
  ["bytes", new Walker(byteTokenizer())],
];

for (const [vocabulary, walker] of WALKERS) {
  Deno.test(`json_object: 100 answers of ${vocabulary}'s tokens are objects`, () => {
    const compiled = walker.compile(JSON_OBJECT);
    const random = randomNumbers(2);
    for (let i = 0; i < 100; i++) {
      const text = walker.walk(compiled, { steps: i % 40, random });
      const value = JSON.parse(text);
      assert(typeof value === "object" && value !== null && !Array.isArray(value), text);
    }
    const value = { a: [1, -2.5e-7, 'é"\\\n', { b: { "": [[], {}] } }, true, false, null] };
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 4)]) {
      assertEquals(walker.refused(compiled.masks, text), undefined);
    }
    assertEquals(walker.refused(compiled.masks, "[]") !== undefined, true);
  });

  Deno.test(`regex and choice: answers of ${vocabulary}'s tokens match`, () => {
    const random = randomNumbers(3);
    const pattern = "(?:[A-Z][a-zé]{2,10} ){1,3}\\d{3}-\\d{4}|[^ -~\\s]{2,}";
    const regex = walker.compile({ type: "regex", pattern });
    const choices = ["yes", "yesterday", "no", "", "😀 né\n", '"'];
    const choice = walker.compile({ type: "choice", choices });
    const chosen = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const text = walker.walk(regex, { steps: i % 20, random });
      assert(new RegExp(`^(?:${pattern})$`, "u").test(text), text);
      chosen.add(walker.walk(choice, { steps: 5 * (i % 2), random }));
    }
    assertEquals([...chosen].filter((text) => !choices.includes(text)), []);
    for (const text of ["Ada 555-1234", "Ada Lové 555-1234", "éé"]) {
      assertEquals(walker.refused(regex.masks, text), undefined);
    }
    for (const text of choices) assertEquals(walker.refused(choice.masks, text), undefined);
  });
}

Deno.test("constraint: the end is allowed exactly where the answer is complete, and then only that", async () => {
  const tokenizer = await jsonBpe();
  const end = tokenizer.specialTokens.get("<|endoftext|>")!;
  const grammars = new Grammars(tokenizer, { vocabularySize: 1000 });
  const grammar = grammars.compile({ type: "choice", choices: ["a", "ab"] });
  const constraint: Constraint & { complete: boolean } = grammar.constraint();
  const allowed = async () => tokensOf(await constraint.mask());
  const [a, b] = ["a", "b"].map((text) => tokenizer.encode(text)[0]);
  const first = await allowed();
  assert(first.includes(a) && !first.includes(end));
  assertEquals([(await constraint.mask()).length, constraint.complete], [32, false]);
  assertThrows(() => constraint.accept(end), RangeError, `Cannot accept the token ${end}: it must`);
  await constraint.accept(a);
  assertEquals([await allowed(), constraint.complete], [[end, b], true]);
  assertThrows(() => constraint.accept(a), RangeError, "one that the mask allows");
  await constraint.accept(end);
  assertEquals([await allowed(), constraint.complete], [[end], true]);
  const other = grammar.constraint();
  other.accept(a);
  other.accept(b);
  assertEquals([tokensOf(other.mask()), other.complete], [[end], true]);
});

Deno.test("constraint: without an end token nothing is allowed where nothing can follow", () => {
  const tokenizer = characters();
  const constraint = new Grammars(tokenizer).compile(JSON_OBJECT).constraint();
  for (const token of tokenizer.encode('{"a":[1]}')) {
    assert(!constraint.complete && isAllowed(constraint.mask(), token));
    constraint.accept(token);
  }
  assertEquals([tokensOf(constraint.mask()), constraint.complete], [[], true]);
});

Deno.test("constraint: many at once, of one format and of several, do not disturb each other", () => {
  const [, walker] = WALKERS[1];
  const schemas = [object({ a: { type: "string" } }), object({ b: { type: "integer" } })];
  const grammars = new Grammars(walker.tokenizer);
  const texts = ['{"a": "b\\"c"}', '{"b":12}', '{"a":""}'];
  const answers = texts.map((text, i) => ({
    constraint: grammars.compile({ type: "json_schema", schema: schemas[i % 2] }).constraint(),
    tokens: [...walker.tokenizer.encode(text)],
  }));
  while (answers.some(({ tokens }) => tokens.length > 0)) {
    for (const { constraint, tokens } of answers) {
      const token = tokens.shift();
      if (token === undefined) continue;
      assert(isAllowed(constraint.mask(), token));
      constraint.accept(token);
    }
  }
  assert(answers.every(({ constraint }) => constraint.complete));
});

Deno.test("grammars: a format is compiled once as long as it is among the last 16", () => {
  const grammars = new Grammars(byteTokenizer());
  const choice = (i: number) => grammars.compile({ type: "choice", choices: [`${i}`] });
  const first = choice(0);
  for (let i = 1; i < 16; i++) choice(i);
  assertStrictEquals(choice(0), first);
  choice(16); // instead of 1
  assertStrictEquals(choice(0), first);
  for (let i = 1; i <= 16; i++) choice(i);
  assertNotStrictEquals(choice(0), first);
});

Deno.test("grammars: what the tokenizer cannot write is left out, or refused where nothing is left", () => {
  const grammars = new Grammars(characters());
  const compile = (format: OutputFormat) => tokensOf(grammars.compile(format).constraint().mask());
  const [c, t] = characters().encode("ct");
  assertEquals(compile({ type: "choice", choices: ["cat", "dog", "tea", "öl"] }), [c, t]);
  assertEquals(compile({ type: "regex", pattern: "[t-z]x?" }), [...characters().encode("tu")]);
  for (
    const format of [{ type: "choice", choices: ["dog"] }, { type: "regex", pattern: "[h-k]" }, {
      type: "choice",
      choices: [],
    }, { type: "choice", choices: ["\ud800"] }] as OutputFormat[]
  ) {
    assertThrows(
      () => grammars.compile(format),
      RangeError,
      `Cannot use the format ${format.type}: there must be a text that fits it and that the`,
    );
  }
});

/** Refuses a format in time, and serves as before. */
class Refusals {
  readonly #grammars = new Grammars(gpt2Tokenizer);
  readonly #good: OutputFormat = { type: "json_schema", schema: object({ a: { enum: [1, 2] } }) };
  readonly #mask = this.#grammars.compile(this.#good).constraint().mask().slice();
  #slowest = 0;

  /** Whether a format is refused; else it can be begun. */
  isRefused(format: OutputFormat): boolean {
    const start = process.cpuUsage();
    let refusal: unknown;
    try {
      this.#grammars.compile(format);
    } catch (error) {
      refusal = error;
    }
    const { user, system } = process.cpuUsage(start);
    this.#slowest = Math.max(this.#slowest, (user + system) / 1000);
    assertEquals(this.#grammars.compile(this.#good).constraint().mask(), this.#mask);
    if (refusal === undefined) return false;
    if (!(refusal instanceof SyntaxError || refusal instanceof RangeError)) throw refusal;
    assert(/^Cannot use the (format|schema|regular)/.test(refusal.message), refusal.message);
    assert(refusal.message.length < 1000, refusal.message);
    return true;
  }

  assertInTime(): void {
    assert(this.#slowest < MAX_MS, `a refusal took ${this.#slowest} ms`);
  }
}

Deno.test("grammars: 500 malformed schemas are 500 named errors, each in time", () => {
  const refusals = new Refusals();
  const random = randomNumbers(4);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  const wrong = [null, 1, -1, 1.5, "x", "#", "(", [], [1], {}, { type: "x" }, { x: 1 }, true, 1e9];
  let refused = 0;
  for (let tries = 0; refused < 500; tries++) {
    assert(tries < 5000, `only ${refused} of ${tries} were refused`);
    const schema = structuredClone(pick(CASES.filter(([, schema]) => schema !== true))[1]);
    const holders: Record<string, unknown>[] = [];
    const collect = (value: unknown) => {
      if (typeof value !== "object" || value === null) return;
      holders.push(value as Record<string, unknown>);
      Object.values(value).forEach(collect);
    };
    collect(schema);
    const holder = pick(holders);
    const name = pick(Object.keys(holder));
    if (random() < 0.3) holder[`x${String(name)}`] = holder[name];
    else holder[name ?? "type"] = pick(wrong);
    if (refusals.isRefused({ type: "json_schema", schema })) refused++;
  }
  refusals.assertInTime();
});

Deno.test("grammars: 500 malformed patterns are 500 named errors, each in time", () => {
  const refusals = new Refusals();
  const random = randomNumbers(5);
  const parts = [..."()[]{}*+?|\\^$.-,019abpkuxdDbB<>=!:é"].concat(
    "(?:",
    "{2,",
    "\\u{",
    "[^",
    "(?=",
  );
  for (let malformed = 0; malformed < 500;) {
    const length = 1 + Math.floor(random() * 12);
    const pattern = Array.from({ length }, () => parts[Math.floor(random() * parts.length)]).join(
      "",
    );
    let isPattern = true;
    try {
      new RegExp(pattern, "u");
    } catch {
      isPattern = false;
    }
    const format = random() < 0.5
      ? { type: "regex", pattern } as const
      : { type: "json_schema", schema: { items: { pattern } } } as const;
    const isRefused = refusals.isRefused(format);
    if (isPattern) continue;
    assert(isRefused, pattern);
    malformed++;
  }
  refusals.assertInTime();
});

Deno.test("grammars: bombs are refused in time", () => {
  const refusals = new Refusals();
  let deep: unknown = { type: "null" };
  for (let depth = 0; depth < 60_000; depth++) {
    if (depth === 63) assert(!refusals.isRefused({ type: "json_schema", schema: deep }));
    deep = { type: "array", items: deep };
  }
  const names = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`name ${i}`, value]));
  let justTooDeep: unknown = { type: "null" };
  for (let depth = 0; depth < 64; depth++) justTooDeep = { type: "array", items: justTooDeep };
  const schemas: unknown[] = [
    deep,
    justTooDeep,
    { enum: Array.from({ length: 1e6 }, (_, i) => i) },
    { enum: Array.from({ length: 1e6 }, (_, i) => `value ${i}`) },
    { $ref: "#" },
    { properties: { next: { $ref: "#" } }, required: ["next"] },
    { description: "x".repeat(1e7) },
    { properties: names(1e5, { type: "string" }) },
    { properties: names(3000, { type: "number", minimum: 1.5, maximum: 99.5 }) },
    {
      anyOf: Array.from({ length: 300 }, (_, i) => ({ type: "string", pattern: `^.{0,90}x${i}$` })),
    },
    { properties: names(400, { type: "string", pattern: "[a-z]{1,99}x[a-z]{1,99}" }) },
    { items: { items: { minItems: 9999, maxItems: 10_000 }, maxItems: 1e9 } },
    {
      anyOf: Array.from(
        { length: 40 },
        (_, i) => ({ type: "string", minLength: i, maxLength: 9999 }),
      ),
    },
    {
      $defs: names(2000, { type: "integer", multipleOf: 997, maximum: 1e20 }),
      anyOf: Array.from({ length: 2000 }, (_, i) => ({ $ref: `#/$defs/name ${i}` })),
    },
  ];
  const patterns = ["foo**", "(a*)*", "((a|a)*b){2000}", "(a|a)*b".repeat(2000), "(".repeat(60_000)]
    .concat(["(a{1000}){1000}", "(?:a|b)*a(?:a|b){40}", "(.?){1000}", "x".repeat(1e7)])
    .concat(["[\\s\\S]{1,1000}".repeat(200), "((((a{9}){9}){9}){9}){9}", "(a|b|c|d){1000}{2}"]);
  for (const schema of schemas) {
    assert(
      refusals.isRefused({ type: "json_schema", schema }),
      JSON.stringify(schema).slice(0, 99),
    );
    refusals.assertInTime();
  }
  for (const pattern of patterns) {
    assert(refusals.isRefused({ type: "regex", pattern }), pattern.slice(0, 99));
    refusals.isRefused({ type: "json_schema", schema: { pattern } });
    refusals.assertInTime();
  }
  const choices = Array.from({ length: 1e6 }, (_, i) => `${i}`);
  assert(refusals.isRefused({ type: "choice", choices }));
  refusals.assertInTime();
});
