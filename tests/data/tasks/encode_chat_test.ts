import { assertEquals, assertThrows } from "@std/assert";
import {
  byteTokenizer,
  chatEncoder,
  type ChatMessage,
  chatTemplate,
  DataError,
  type Example,
  PLAIN_CHAT_TEMPLATE,
  type Tokenizer,
} from "../../../data/mod.ts";
import { PLACE as place, smallBpe } from "./tokenizers.ts";

const turn = (user: string, assistant: string): ChatMessage[] => [
  { role: "user", content: user },
  { role: "assistant", content: assistant },
];
const shown = (tokenizer: Tokenizer, { tokens, targets }: Example) => [
  tokenizer.decode(tokens),
  tokenizer.decode([...targets].filter((id) => id >= 0)),
];

Deno.test("chatEncoder: answers and their end marks are targets; the prompt's ids are the engine's", async () => {
  const tokenizer = await smallBpe();
  const template = chatTemplate(PLAIN_CHAT_TEMPLATE, { endOfText: "<|endoftext|>" });
  const encoder = chatEncoder({ tokenizer, template, context: 200 });
  const messages = [...turn("the fox?", "the hen."), ...turn("dog?", "lazy.")];
  const found = encoder.encode({ messages, place });
  assertEquals(shown(tokenizer, found)[1], " the hen.<|endoftext|> lazy.<|endoftext|>");
  const asked = tokenizer.encode(template.prompt(messages.slice(0, 1)));
  assertEquals([...found.tokens.subarray(0, asked.length)], [...asked]);
  assertEquals(found.targets.findIndex((id) => id >= 0), asked.length - 1);
  // A mark that is written out is one token, and counts.
  assertEquals(
    [...found.targets].filter((id) => id === tokenizer.specialTokens.get("<|endoftext|>")).length,
    2,
  );
});

Deno.test("chatEncoder: a long conversation is an error with its line, or loses its oldest exchanges", () => {
  const tokenizer = byteTokenizer();
  const template = chatTemplate(PLAIN_CHAT_TEMPLATE);
  const system: ChatMessage = { role: "system", content: "S" };
  const messages = [system, ...turn("one", "two"), ...turn("three", "four"), ...turn("5", "6")];
  const length =
    new TextEncoder().encode(template.parts(messages).map(({ text }) => text).join("")).length;
  assertThrows(
    () => chatEncoder({ tokenizer, template, context: 60 }).encode({ messages, place }),
    DataError,
    `Cannot use line 3: the conversation has ${length - 1} tokens, more than the context of 60`,
  );
  const encoder = chatEncoder({ tokenizer, template, context: 60, onLong: "cut" });
  assertEquals(shown(tokenizer, encoder.encode({ messages, place })), [
    "System: S\n\nUser: 5\n\nAssistant: 6\n",
    " 6\n\n",
  ]);
  const short = chatEncoder({ tokenizer, template, context: 12, onLong: "cut" });
  assertEquals(shown(tokenizer, short.encode({ messages, place })), ["ssistant: 6\n", " 6\n\n"]);
  assertEquals(short.report, { examples: 1, tokens: 12, cut: 1 });
});

Deno.test("chatEncoder: a template that refuses a conversation names its line", () => {
  const template = chatTemplate(
    "{{ raise_exception('one turn only') if messages | length > 2 else 'x' }}",
  );
  const encoder = chatEncoder({ tokenizer: byteTokenizer(), template, context: 60 });
  assertThrows(
    () => encoder.encode({ messages: [...turn("a", "b"), ...turn("c", "d")], place }),
    DataError,
    "Cannot use line 3: Cannot render the chat template: one turn only",
  );
});
