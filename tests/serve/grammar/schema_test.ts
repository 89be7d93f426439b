import { assert, assertEquals, assertThrows } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { Grammars } from "../../../serve/grammar/mod.ts";
import { CASES, object } from "./schemas.ts";
import { gpt2, jsonBpe, pieces } from "./vocabularies.ts";
import { randomNumbers, Walker } from "./walk.ts";

const ajv = new Ajv2020({ strict: false, multipleOfPrecision: 6 });
// deno-lint-ignore no-explicit-any
(addFormats as any)(ajv);

const WALKERS: [string, Walker][] = [
  ["GPT-2", new Walker(await gpt2())],
  ["JSON", new Walker(await jsonBpe())],
  ["pieces", new Walker(pieces())],
];

for (const [vocabulary, walker] of WALKERS) {
  Deno.test(`schema: whatever is chosen from ${vocabulary}'s tokens is valid`, () => {
    const random = randomNumbers(1);
    for (const [name, schema] of CASES) {
      const isValid = ajv.compile(schema as object);
      const compiled = walker.compile({ type: "json_schema", schema });
      for (let i = 0; i < 12; i++) {
        const text = walker.walk(compiled, { steps: [0, 1, 3, 10, 30, 100][i % 6], random });
        const value = JSON.parse(text);
        assert(isValid(value), `${name}: ${text}: ${ajv.errorsText(isValid.errors)}`);
      }
    }
  });

  Deno.test(`schema: whatever is valid can be written with ${vocabulary}'s tokens`, () => {
    for (const [name, schema, values] of CASES) {
      const { masks } = walker.compile({ type: "json_schema", schema });
      for (const value of values) {
        const spaced = JSON.stringify(value, null, 1).replace(/\n */g, " ");
        const texts = [JSON.stringify(value), JSON.stringify(value, null, 2), spaced];
        // An enum's arrays and objects, like its other values, are written in one way.
        for (const text of name === "enum" ? texts.slice(0, 1) : texts) {
          assertEquals(walker.refused(masks, text), undefined, `${name}: ${text}`);
        }
      }
    }
  });
}

const REFUSED: [schema: unknown, error: typeof SyntaxError | typeof RangeError, text: string][] = [
  [123, SyntaxError, "# must be an object, true or false, got 123"],
  [{ type: 123 }, SyntaxError, "#/type must be one of object, array"],
  [
    { type: "hiccup" },
    SyntaxError,
    'string, number, integer, boolean, null, or a list of them, got "hiccup"',
  ],
  [{ type: [] }, SyntaxError, "#/type must be one of"],
  [
    { properties: { a: { oneOf: [] } } },
    SyntaxError,
    'the keyword "oneOf" at #/properties/a is not supported; use only $ref',
  ],
  [{ items: { $id: "x" } }, SyntaxError, 'the keyword "$id" at #/items is not supported'],
  ...[
    "allOf",
    "not",
    "if",
    "patternProperties",
    "uniqueItems",
    "prefixItems",
    "contains",
    "nullable",
  ]
    .concat("minProperties", "propertyNames", "dependentRequired", "contentEncoding", "$anchor")
    .map((keyword): typeof REFUSED[number] => [
      { type: "object", [keyword]: {} },
      SyntaxError,
      `the keyword "${keyword}" at # is not supported`,
    ]),
  [{ items: null }, SyntaxError, "#/items must be an object, true or false, got null"],
  [{ required: null }, SyntaxError, "#/required must be a list of names, got null"],
  [{ properties: [] }, SyntaxError, "#/properties must be an object, got a list of 0"],
  [
    { properties: { "a/~": 1 } },
    SyntaxError,
    "#/properties/a~1~0 must be an object, true or false",
  ],
  [
    { properties: { a: {} }, required: "a" },
    SyntaxError,
    '#/required must be a list of names, got "a"',
  ],
  [
    { properties: { a: {} }, required: ["b"] },
    SyntaxError,
    'the keyword "required" at # must name properties: "b" is none',
  ],
  [
    { properties: { a: {} }, additionalProperties: true },
    SyntaxError,
    "must be false beside properties",
  ],
  [{ enum: [] }, SyntaxError, "#/enum must be a list of at least one, got a list of 0"],
  [{ enum: "a" }, SyntaxError, "#/enum must be a list of at least one"],
  [{ type: "integer", enum: ["a"] }, SyntaxError, "#/enum must be of the type integer"],
  [
    { enum: ["a"], minLength: 1 },
    SyntaxError,
    'the keyword "minLength" at # cannot stand beside enum',
  ],
  [{ anyOf: [] }, SyntaxError, "#/anyOf must be a list of at least one"],
  [{ anyOf: [{}, { anyOf: [3] }] }, SyntaxError, "#/anyOf/1/anyOf/0 must be an object"],
  [
    { anyOf: [{}], type: "object" },
    SyntaxError,
    'the keyword "type" at # cannot stand beside anyOf',
  ],
  [{ $ref: "#", type: "object" }, SyntaxError, 'the keyword "type" at # cannot stand beside $ref'],
  [{ $ref: 1 }, SyntaxError, "#/$ref must be a text, got 1"],
  [{ $ref: "#/$defs/a" }, SyntaxError, 'the reference "#/$defs/a" at #/$ref leads to nothing'],
  [{ $ref: "http://x.y/z" }, SyntaxError, "leads out of the schema"],
  [{ $ref: "#/%" }, SyntaxError, "is percent-encoded wrongly"],
  [{ $ref: "#" }, SyntaxError, 'the reference "#" must not lead back to itself before a value'],
  [{ anyOf: [{ type: "null" }, { $ref: "#" }] }, SyntaxError, "must not lead back to itself"],
  [
    {
      $defs: { a: { $ref: "#/$defs/b" }, b: { anyOf: [{ $ref: "#/$defs/a" }] } },
      $ref: "#/$defs/a",
    },
    SyntaxError,
    'the reference "#/$defs/a" must not lead back',
  ],
  [
    { $defs: { a: { type: "null" } }, anyOf: [{ $ref: "#/$defs/a" }, { $ref: "#" }] },
    SyntaxError,
    'the reference "#" must not lead back',
  ],
  [object({ next: { $ref: "#" } }), RangeError, "there must be a text that fits it"],
  [false, RangeError, "there must be a text that fits it"],
  [{ type: "array", items: false, minItems: 1 }, RangeError, "there must be a text that fits it"],
  [{ minItems: -1 }, SyntaxError, "#/minItems must be a whole number of at least 0, got -1"],
  [{ minItems: 1.5 }, SyntaxError, "#/minItems must be a whole number of at least 0, got 1.5"],
  [{ maxItems: "2" }, SyntaxError, '#/maxItems must be a number, got "2"'],
  [{ maxItems: 1e6 }, RangeError, "#/maxItems must be at most 10000, got 1000000"],
  [{ minItems: 3, maxItems: 2 }, RangeError, "#/minItems must be at most maxItems, 2, got 3"],
  [{ minLength: 3, maxLength: 2 }, RangeError, "#/minLength must be at most maxLength, 2, got 3"],
  [{ maxLength: 10_001 }, RangeError, "#/maxLength must be at most 10000"],
  [
    { minimum: 2, exclusiveMaximum: 1 },
    RangeError,
    "#/minimum must be at most exclusiveMaximum, 1, got 2",
  ],
  [{ exclusiveMinimum: true }, SyntaxError, "#/exclusiveMinimum must be a number, got true"],
  [{ multipleOf: 0 }, SyntaxError, "#/multipleOf must be above 0, got 0"],
  [{ multipleOf: 12345 }, RangeError, "at #/multipleOf: multipleOf must have at most 20 decimals"],
  [{ type: "string", format: "uri" }, SyntaxError, "#/format must be one of date-time, time, date"],
  [{ format: "__proto__" }, SyntaxError, "#/format must be one of"],
  [
    { items: { pattern: "foo**" } },
    SyntaxError,
    "Cannot use the schema at #/items/pattern: Cannot use the regular expression: Nothing to repeat at character 5",
  ],
  [
    { pattern: "(".repeat(100) },
    RangeError,
    "at #/pattern: Cannot use the regular expression: it must have at most 64 groups",
  ],
  [
    { pattern: "a", format: "date" },
    SyntaxError,
    'the keyword "pattern" at # cannot stand beside format',
  ],
  [
    { properties: Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`p${i}`, {}])) },
    RangeError,
    "#/properties must have at most 500 that are not required, got 501",
  ],
];

Deno.test("schema: what is malformed, unsupported or empty is named with its place", () => {
  const grammars = new Grammars(pieces());
  for (const [schema, error, text] of REFUSED) {
    const compile = () => grammars.compile({ type: "json_schema", schema });
    const thrown = assertThrows(compile, error, text, JSON.stringify(schema).slice(0, 100));
    assertEquals(/^Cannot use the (schema|format)/.test((thrown as Error).message), true);
  }
});
