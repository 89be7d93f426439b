import { assert, assertEquals } from "@std/assert";
import type { Tokenizer } from "../../../data/mod.ts";
import { Reader } from "../../../serve/grammar/configurations.ts";
import type { OutputFormat } from "../../../serve/grammar/format.ts";
import { Masks } from "../../../serve/grammar/masks.ts";
import { NetworkBuilder } from "../../../serve/grammar/network.ts";
import { writeText } from "../../../serve/grammar/writer.ts";
import { byteTokenizer, characters, jsonBpe, letterBpe, pieces } from "./vocabularies.ts";
import { isAllowed, randomNumbers, tokensOf, Walker } from "./walk.ts";

const FORMATS: OutputFormat[] = [
  { type: "json_object" },
  { type: "regex", pattern: "(?:true|false|[a-c]{1,20}é?) ?[0-9]{3,5}" },
  { type: "choice", choices: ["a", "abc", "abc1", "cab", "true"] },
  { type: "json_schema", schema: { type: "string", minLength: 1, maxLength: 40 } },
  { type: "json_schema", schema: { type: "string", minLength: 30, maxLength: 70 } },
  { type: "json_schema", schema: { type: "array", items: { type: "array" }, maxItems: 3 } },
  {
    type: "json_schema",
    schema: {
      type: "array",
      items: {
        anyOf: [{ type: "object", properties: { a: { type: "string" }, ab: {} } }, { $ref: "#" }],
      },
    },
  },
];

const TOKENIZERS: [string, Tokenizer][] = [
  ["a trained BPE", await jsonBpe()],
  ["pieces", pieces()],
  ["bytes", byteTokenizer()],
  ["characters", characters()],
  ["runs of a letter", await letterBpe()],
];

for (const [name, tokenizer] of TOKENIZERS) {
  Deno.test(`masks: hold exactly the tokens that can be read on (${name})`, () => {
    const walker = new Walker(tokenizer);
    const random = randomNumbers(1);
    for (const format of FORMATS) {
      const { network, masks } = walker.compile(format);
      let checked = 0;
      for (let walk = 0; walk < 6; walk++) {
        const reader = new Reader(network);
        let now = reader.start();
        for (let step = 0; step < 25 && now.pairs.length > 0; step++) {
          const mask = new Uint32Array(walker.vocabulary.words);
          masks.add(now, reader.stacks, mask);
          for (let token = 0; token < tokenizer.vocabularySize; token++) {
            let next = now;
            for (const byte of walker.vocabulary.bytes(token) ?? []) {
              next = reader.read(next, byte);
            }
            const leadsOn = next !== now && (next.pairs.length > 0 || next.complete);
            assertEquals(isAllowed(mask, token), leadsOn, `${format.type}: ${token}`);
            checked++;
          }
          const tokens = tokensOf(mask);
          const token = tokens[Math.floor(random() * tokens.length)];
          for (const byte of walker.vocabulary.bytes(token)!) now = reader.read(now, byte);
          reader.rest();
        }
      }
      assert(checked > 0);
    }
  });
}

Deno.test("masks: are the same after what is remembered has been forgotten", () => {
  const walker = new Walker(byteTokenizer());
  const schema = { type: "string", minLength: 9000, maxLength: 9000 };
  const { network, masks } = walker.compile({ type: "json_schema", schema });
  const reader = new Reader(network);
  let now = reader.read(reader.start(), 0x22);
  for (let length = 0; length <= 9000; length++) {
    const mask = new Uint32Array(8);
    masks.add(now, reader.stacks, mask);
    assertEquals(isAllowed(mask, 0x61), length < 9000);
    assertEquals(isAllowed(mask, 0x22), length === 9000);
    now = reader.read(now, 0x61);
    reader.rest();
  }
  const fresh = new Masks(network, walker.vocabulary);
  const [before, after] = [new Uint32Array(8), new Uint32Array(8)];
  masks.add(reader.start(), reader.stacks, before);
  fresh.add(reader.start(), reader.stacks, after);
  assertEquals(before, after);
});

Deno.test("masks: a token may end several rules at once", () => {
  const walker = new Walker(pieces());
  const builder = new NetworkBuilder(walker.vocabulary);
  const network = builder.finish(builder.rule("outer", (from, to) => {
    const behind = builder.state();
    builder.call(
      from,
      builder.rule("middle", (from, to) => {
        const end = builder.state();
        const write = (from: number, to: number) => writeText(builder, from, "{", to);
        builder.call(from, builder.rule("inner", write), end);
        builder.skip(end, to);
      }),
      behind,
    );
    writeText(builder, behind, '"', to);
  }))!;
  const reader = new Reader(network);
  const mask = new Uint32Array(walker.vocabulary.words);
  new Masks(network, walker.vocabulary).add(reader.start(), reader.stacks, mask);
  const tokens = tokensOf(mask).map((token) => walker.tokenizer.decode([token]));
  assertEquals(tokens, ["{", "{", '{"']); // the first one is a byte's token
});
