import { assertEquals } from "@std/assert";
import { readConversations } from "../../../data/mod.ts";
import { assertBad, readAll } from "./rows.ts";

const says = (...roles: string[]) =>
  JSON.stringify({ messages: roles.map((role) => ({ role, content: `a ${role}` })) });

Deno.test("readConversations: system first, then user and assistant in turn", async () => {
  const text = `${says("system", "user", "assistant")}\n${
    says("user", "assistant", "user", "assistant")
  }\n`;
  const found = await readAll(text, readConversations("a.jsonl"));
  assertEquals(found.map(({ messages }) => messages.length), [3, 4]);
  assertEquals(found[0].messages[0], { role: "system", content: "a system" });
});

Deno.test("readConversations: what can't be learned from is an error with its line", async () => {
  const first = `${says("user", "assistant")}\n`;
  const at = first.length;
  const bad = (line: string, message: string): [string, string, number, number] => [
    first + line,
    message,
    2,
    at,
  ];
  await assertBad(() => readConversations("a.jsonl"), [
    bad(says("user", "user"), "does not alternate: message 2 must be the assistant's, got user's"),
    bad(says("assistant", "user"), "message 1 must be the user's, got assistant's"),
    bad(says("user", "system"), "message 2 must be the assistant's, got system's"),
    bad(says("user"), "the conversation ends with the user, so there is nothing to learn"),
    bad(says("system"), "the conversation ends with the system"),
    bad(
      says("user", "tool"),
      'the role of message 2 must be system, user or assistant, got the string "tool"',
    ),
    bad('{"messages":[{"role":"user","content":""}]}', "its message 1 is empty"),
    bad(
      '{"messages":[{"role":"user","content":[]}]}',
      "wanted text as its message 1, got an array of 0",
    ),
    bad('{"messages":["hi"]}', "message 1 must be an object with role and content"),
    bad('{"messages":[]}', "wanted a list of messages, got none"),
    bad('{"messages":"hi"}', 'wanted a list of messages, got the string "hi"'),
  ]);
});
