/** `quern chat`: talks to a model in the terminal. */
import { TextLineStream } from "@std/streams";
import { dim } from "@std/fmt/colors";
import { Device } from "../kernels/mod.ts";
import { type GenerationHandle, Gpt, Scheduler } from "../model/mod.ts";
import { encodeChat, HttpError, readModelFolder } from "../serve/mod.ts";
import { CHAT_OPTIONS } from "./chat_options.ts";
import { openModelFolder } from "./checkpoint_options.ts";
import { Conversation } from "./conversation.ts";
import { parseOptions } from "./options.ts";

export { CHAT_OPTIONS };

const HELP =
  `An empty line does nothing; /new begins anew, /bye or Ctrl-D ends, Ctrl-C stops an answer.`;

/**
 * Runs `quern chat`: a line of standard input is a turn, the answer is written as it comes.
 *
 * @returns the exit code: 0 at the end of input, 130 where Ctrl-C came while nobody answered
 */
export async function chat(args: string[]): Promise<number> {
  const { system, tokens, ...options } = parseOptions(CHAT_OPTIONS, args);
  const folder = await openModelFolder(options);
  using device = await Device.open();
  using model = await Gpt.load(device, folder);
  const { context, vocabularySize } = model.config;
  const read = await readModelFolder(folder, vocabularySize);
  const { tokenizer, endTokens, chatTemplate } = read;
  await using scheduler = await Scheduler.create(model, { tokenizer, maxBatch: 1 });
  const conversation = new Conversation({
    system,
    maxTokens: Math.max(1, context - Math.min(tokens, Math.ceil(context / 2))),
    encode: (messages) => encodeChat({ ...read, context }, messages),
  });
  using talk = new Talk();
  talk.note(HELP);
  let turn = 0;
  for await (const line of talk.lines()) {
    if (line === "/bye") break;
    if (line === "/new") conversation.clear();
    if (line.trim() === "" || line === "/new") continue;
    try {
      const { forgotten } = conversation;
      const prompt = conversation.ask(line);
      if (conversation.forgotten > forgotten) {
        talk.note(`The oldest turns are forgotten: the model's context holds ${context} tokens.`);
      }
      conversation.answer(
        await talk.answer((write) =>
          scheduler.submit({
            prompt,
            maxTokens: Math.min(tokens, context - prompt.length),
            // Each turn draws anew, and a conversation with the same seed is the same.
            sampling: { ...options, seed: options.seed + turn++ * 2 ** 32 },
            stopTokens: endTokens,
            stop: chatTemplate.stop,
          }, (event) => event.type === "tokens" && write(event.text))
        ),
      );
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof HttpError)) throw error;
      talk.note(error.message);
    }
  }
  return talk.interrupted ? 130 : 0;
}

/** The terminal's part: lines in, answers out, Ctrl-C. */
class Talk implements Disposable {
  /** Whether Ctrl-C ended the talk. */
  interrupted = false;
  #answering?: GenerationHandle;
  #reader = Deno.stdin.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream() as TransformStream<string, string>)
    .getReader();
  #onInterrupt = () => {
    if (this.#answering) return this.#answering.cancel();
    this.interrupted = true;
    this.#reader.cancel();
  };

  constructor() {
    Deno.addSignalListener("SIGINT", this.#onInterrupt);
  }

  /** What the user writes, line by line. */
  async *lines(): AsyncGenerator<string> {
    const isTerminal = Deno.stdin.isTerminal();
    for (;;) {
      if (isTerminal) await write("> ");
      const { done, value } = await this.#reader.read();
      if (done) return;
      yield value;
    }
  }

  /** Writes an answer as it comes, and gives it whole. */
  async answer(start: (write: (text: string) => void) => GenerationHandle): Promise<string> {
    let text = "";
    let written = Promise.resolve();
    this.#answering = start((part) => {
      // A default template leaves a space behind the colon to the model.
      const shown = text === "" ? part.trimStart() : part;
      text += shown;
      written = written.then(() => write(shown));
    });
    try {
      await this.#answering.done;
      await written;
      await write("\n");
      return text;
    } finally {
      this.#answering = undefined;
    }
  }

  /** Says something that nobody in the talk said. */
  note(text: string): void {
    console.error(dim(text));
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#onInterrupt);
  }
}

async function write(text: string): Promise<void> {
  for (let bytes = new TextEncoder().encode(text); bytes.length > 0;) {
    bytes = bytes.subarray(await Deno.stdout.write(bytes));
  }
}
