/** Schemas that are supported. */
/** An object whose properties are all required, and no others. */
export function object(properties: Record<string, unknown>): Record<string, unknown> {
  return {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

/** Schemas, and values that each allows. */
export const CASES: [name: string, schema: unknown, values: unknown[]][] = [
  ["any value", {}, [1, "a", null, [1, { a: [] }], { "": { b: -1.5e-7 } }, 1e21, 1.7e300]],
  ["true", true, [{ a: [true, false, null] }]],
  ["types", { type: ["string", "null", "integer"] }, ["a", null, 7]],
  ["string", { type: "string" }, ["", 'a"b\\c/\n\u0001\u2028', "é中😀", "\u007f"]],
  ["number", { type: "number" }, [0, -0.5, 123456789012345680000, 1e-7, 5e-300, 0.1]],
  ["integer", { type: "integer" }, [0, -1, 2 ** 53]],
  ["boolean", { type: "boolean" }, [true, false]],
  ["enum", { enum: ["red", "r", 1, null, { a: [1] }, 'a"é'] }, ["red", "r", 1, null, { a: [1] }]],
  ["enum of a type", { type: "string", enum: ["a", 1, "ab"] }, ["a", "ab"]],
  ["const", { const: '4"2\n' }, ['4"2\n']],
  ["empty object", { type: "object", properties: {}, additionalProperties: false }, [{}]],
  ["free object", { type: "object" }, [{}, { a: { b: [1] } }]],
  ["map", { type: "object", additionalProperties: { type: "integer" } }, [{}, { a: 1, "": -2 }]],
  ["object", object({ name: { type: "string" }, age: { type: "integer" } }), [
    { name: "Ada", age: 36 },
  ]],
  ["properties without a type", { properties: { a: { const: 1 } }, required: ["a"] }, [{ a: 1 }]],
  [
    "odd names",
    object({ 'a"b': { const: 1 }, "é\n": { const: 2 }, "": { const: 3 }, "😀\\": {} }),
    [
      { 'a"b': 1, "é\n": 2, "": 3, "😀\\": [] },
    ],
  ],
  ["__proto__", JSON.parse('{"type":"object","properties":{"__proto__":{"type":"null"}}}'), [
    JSON.parse('{"__proto__":null}'),
    {},
  ]],
  ["optional", {
    type: "object",
    properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 }, d: { const: 4 } },
    required: ["c"],
    additionalProperties: false,
  }, [{ c: 3 }, { a: 1, c: 3 }, { b: 2, c: 3, d: 4 }, { a: 1, b: 2, c: 3, d: 4 }]],
  ["all optional", { type: "object", properties: { a: {}, b: {} } }, [{}, { a: 1 }, { b: 2 }]],
  ["array", { type: "array", items: { type: "integer" } }, [[], [1], [1, 2, 3]]],
  ["array of bounded length", { type: "array", items: {}, minItems: 2, maxItems: 4 }, [
    [1, "a"],
    [[], {}, null, 1],
  ]],
  ["array of at least", { type: "array", items: { const: 0 }, minItems: 3 }, [[0, 0, 0, 0, 0]]],
  ["array of none", { type: "array", maxItems: 0 }, [[]]],
  [
    "nested",
    object({
      a: { type: "array", items: object({ x: { type: "number" }, y: { enum: ["red", "blue"] } }) },
      b: { anyOf: [{ type: "string" }, { type: "null" }] },
    }),
    [{ a: [{ x: 0.5, y: "red" }, { x: -1, y: "blue" }], b: null }, { a: [], b: "c" }],
  ],
  ["alternatives", {
    anyOf: [
      object({ kind: { const: "a" }, v: { type: "integer" } }),
      object({
        kind: { const: "ab" },
        v: { type: "string" },
      }),
    ],
  }, [{ kind: "a", v: 1 }, { kind: "ab", v: "1" }]],
  ["definitions", {
    $defs: { "a/b~c": { type: "integer" }, "é": { $ref: "#/$defs/a~1b~0c" } },
    ...object({ x: { $ref: "#/$defs/a~1b~0c" }, y: { $ref: "#/$defs/%C3%A9" } }),
  }, [{ x: 1, y: 2 }]],
  [
    "linked list",
    object({ v: { type: "integer" }, next: { anyOf: [{ $ref: "#" }, { type: "null" }] } }),
    [
      { v: 1, next: null },
      { v: 1, next: { v: 2, next: { v: 3, next: null } } },
    ],
  ],
  ["tree", {
    $defs: { node: object({ children: { type: "array", items: { $ref: "#/$defs/node" } } }) },
    $ref: "#/$defs/node",
  }, [{ children: [] }, { children: [{ children: [{ children: [] }] }, { children: [] }] }]],
  ["lengths", { type: "string", minLength: 2, maxLength: 4 }, ["ab", 'é"\\n', "😀😀😀😀"]],
  ["at least two", { type: "string", minLength: 2 }, ["ab", "abcdefgh"]],
  ["at most 500", { type: "string", maxLength: 500 }, ["", "é".repeat(500)]],
  ["pattern", { type: "string", pattern: '^[a-c]+"?$' }, ["abc", 'b"']],
  ["pattern found within", { type: "string", pattern: "[0-9]{3}" }, ["123", "a\n123b", '"0123']],
  ["pattern of bounded length", { type: "string", pattern: "^a*b", maxLength: 4 }, ["b", "aabé"]],
  ...["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"].map(
    (format): [string, unknown, unknown[]] => [format, { type: "string", format }, []],
  ),
  ["number bounds", { type: "number", minimum: 0.5, maximum: 2.5 }, [0.5, 1, 2.5, 2.25]],
  ["exclusive bounds", { type: "number", exclusiveMinimum: -1, exclusiveMaximum: 1.5 }, [
    -0.5,
    0,
    1.25,
  ]],
  ["integer bounds", { type: "integer", minimum: -12, maximum: 1234 }, [-12, 0, 1234, 999]],
  ["multiples", { type: "integer", multipleOf: 7, minimum: 10 }, [14, 70, 7777]],
  ["cents", { type: "number", multipleOf: 0.05, minimum: 0, maximum: 10 }, [0.05, 9.95, 10, 1.5]],
];
