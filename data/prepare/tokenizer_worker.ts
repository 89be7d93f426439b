/** What the worker runs that looks at a tokenizer. */
import { openTokenizer, type TokenizerFacts, type TokenizerTask } from "./open_tokenizer.ts";
import { serveTasks } from "./pool.ts";

serveTasks<null, TokenizerTask, TokenizerFacts>(() => async ({ name, endOfText }) => {
  const { tokenizer: _, ...facts } = await openTokenizer(name, endOfText);
  return { result: facts };
});
