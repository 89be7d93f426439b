import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type ChatMessage,
  type ChatRole,
  chatTemplate,
  DataError,
  PLAIN_CHAT_TEMPLATE,
  readChatTemplate,
} from "../../../data/mod.ts";
import { withFiles } from "../sources/streams.ts";

const says = (...turns: [ChatRole, string][]): ChatMessage[] =>
  turns.map(([role, content]) => ({ role, content }));
const talk = says(["user", "Hi!"], ["assistant", "Hello."], ["user", "Bye"], ["assistant", "Bye."]);

const CHATML = "{{ bos_token }}{% for message in messages %}" +
  "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** A conversation with what the model is to say in brackets. */
function marked(source: string, messages: ChatMessage[], endOfText?: string): string {
  const parts = chatTemplate(source, { endOfText, beginOfText: "<s>" }).parts(messages);
  return parts.map(({ text, isAnswer }) => isAnswer ? `[${text}]` : text).join("");
}

Deno.test("chatTemplate: what the assistant says and its end mark are to learn, nothing else", () => {
  assertEquals(
    marked(CHATML, talk),
    "<s><|im_start|>user\nHi!<|im_end|>\n<|im_start|>assistant\n[Hello.<|im_end|>]\n" +
      "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n[Bye.<|im_end|>]\n",
  );
});

Deno.test("chatTemplate: the plain one, with end-of-text and without", () => {
  assertEquals(
    marked(
      PLAIN_CHAT_TEMPLATE,
      says(["system", "Be brief."], ["user", " Hi! "], ["assistant", "Hello."]),
      "<e>",
    ),
    "System: Be brief.<e>\nUser: Hi!<e>\nAssistant:[ Hello.<e>]\n",
  );
  assertEquals(
    marked(PLAIN_CHAT_TEMPLATE, talk),
    "User: Hi!\n\nAssistant:[ Hello.\n\n]User: Bye\n\nAssistant:[ Bye.\n\n]",
  );
  const { prompt } = chatTemplate(PLAIN_CHAT_TEMPLATE, { endOfText: "<e>" });
  assertEquals(prompt(talk.slice(0, 1)), "User: Hi!<e>\nAssistant:");
});

Deno.test("chatTemplate: one that does not render, or writes turns anew, is an error", () => {
  assertThrows(
    () => chatTemplate("{% for x in %}", { path: "m/tokenizer_config.json" }),
    DataError,
    "Cannot read the chat template: it is no Jinja",
  );
  const refusing = chatTemplate("{{ raise_exception('no system role') }}");
  const error = assertThrows(() => refusing.prompt(talk), DataError, "no system role");
  assertEquals(
    error.message.endsWith("mend the template or the conversation, at the chat template:0"),
    true,
  );
  const last =
    "{% for m in messages %}{{ m.content if loop.last else m.content | upper }}|{% endfor %}";
  assertThrows(
    () => chatTemplate(last).parts(talk),
    DataError,
    "it writes message 2 in another way once more messages follow",
  );
});

Deno.test("readChatTemplate: tokenizer_config.json, a list of templates, a file of its own, none", async () => {
  const config = (chat_template: unknown) =>
    JSON.stringify({ chat_template, eos_token: { content: "</s>" }, bos_token: "<s>" });
  await withFiles({
    "text/tokenizer_config.json": config("{{ bos_token }}{{ eos_token }}"),
    "list/tokenizer_config.json": config([
      { name: "tool_use", template: "no" },
      { name: "default", template: "yes" },
    ]),
    "file/tokenizer_config.json": config("no"),
    "file/chat_template.jinja": "{{ eos_token }}",
    "none/tokenizer_config.json": "{}",
    "broken/tokenizer_config.json": "{",
    "bare/x": "",
  }, async (folder) => {
    const prompt = async (name: string) =>
      (await readChatTemplate(`${folder}/${name}`))?.prompt(talk);
    assertEquals(
      await Promise.all(["text", "list", "file", "none", "bare"].map(prompt)),
      ["<s></s>", "yes", "</s>", undefined, undefined],
    );
    await assertRejects(
      () => prompt("broken"),
      DataError,
      "Cannot read the chat template: wanted JSON",
    );
  });
});
