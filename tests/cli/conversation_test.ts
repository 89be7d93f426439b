import { assertEquals, assertThrows } from "@std/assert";
import { Conversation } from "../../cli/conversation.ts";

/** A token for each character of the messages. */
const encode = (messages: readonly { content: string }[]) =>
  Uint32Array.from(messages.map(({ content }) => content).join(""), (c) => c.charCodeAt(0));
const textOf = (ids: Uint32Array) => String.fromCharCode(...ids);

Deno.test("conversation: forgets its oldest turns where they do not fit, never the instructions", () => {
  const conversation = new Conversation({ system: "S", maxTokens: 7, encode });
  assertEquals(textOf(conversation.ask("aa")), "Saa");
  conversation.answer("bb");
  assertEquals(textOf(conversation.ask("cc")), "Saabbcc");
  conversation.answer("dd");
  assertEquals(conversation.forgotten, 0);
  assertEquals(textOf(conversation.ask("ee")), "Sccddee");
  assertEquals(conversation.forgotten, 2);
  conversation.clear();
  assertEquals(textOf(conversation.ask("ff")), "Sff");
});

Deno.test("conversation: words too long alone are refused and not taken in", () => {
  const conversation = new Conversation({ maxTokens: 4, encode });
  conversation.ask("aa");
  conversation.answer("b");
  assertThrows(
    () => conversation.ask("ccccc"),
    RangeError,
    "Cannot answer: this makes a prompt of 5 tokens, and at most 4 leave room for an answer in the model's context; say it shorter",
  );
  assertEquals(textOf(conversation.ask("d")), "aabd");
});
