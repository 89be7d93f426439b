/** `quern generate`: continues a prompt with a trained model. */
import { join } from "@std/path";
import { readTokenizer } from "../data/mod.ts";
import { Device } from "../kernels/mod.ts";
import { generate as generateTokens, Gpt } from "../model/mod.ts";
import { openModelFolder } from "./checkpoint_options.ts";
import { GENERATE_OPTIONS } from "./generate_options.ts";
import { Interrupt } from "./interrupt.ts";
import { parseOptions } from "./options.ts";
import { firstTokens } from "./prompt.ts";

export { GENERATE_OPTIONS };

/**
 * Runs `quern generate`: writes text as it comes, a character that is split over tokens once it is
 * whole.
 *
 * @returns the exit code: 0 done, 130 interrupted
 */
export async function generate(args: string[]): Promise<number> {
  const options = parseOptions(GENERATE_OPTIONS, args);
  const folder = await openModelFolder(options);
  const tokenizer = await readTokenizer(join(folder, "tokenizer.json"));
  const prompt = options.prompt ? tokenizer.encode(options.prompt) : firstTokens(tokenizer);
  using device = await Device.open();
  using model = await Gpt.load(device, folder);
  using interrupt = new Interrupt(() => {});
  const ids = ReadableStream.from(
    generateTokens(model, prompt, { ...options, signal: interrupt.signal }),
  );
  const write = (text: string) => Deno.stdout.write(new TextEncoder().encode(text));
  if (!options.json) await write(options.prompt ?? "");
  for await (const text of ids.pipeThrough(tokenizer.decoder())) {
    await write(options.json ? JSON.stringify({ text }) + "\n" : text);
  }
  if (!options.json) await write("\n");
  return interrupt.signal.aborted ? 130 : 0;
}
