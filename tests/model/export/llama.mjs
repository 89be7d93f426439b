// Asks the real llama.cpp, inside node-llama-cpp, about a GGUF file. Run by llama.ts under Node.
//
// In:  {"model": path, "tokens": [[id, …], …], "texts": ["…", …]} on standard input.
// Out: {"logits": [[[…], …], …], "ids": [[id, …], …]} after the line "ANSWER ", one list of logits
//      for each position of each sequence, and the ids of each text.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// Found from the folder that node-llama-cpp was installed in, which is the working directory.
const entry = createRequire(pathToFileURL(process.cwd() + "/")).resolve("node-llama-cpp");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry));

let input = "";
for await (const part of process.stdin) input += part;
const { model: modelPath, tokens, texts } = JSON.parse(input);

const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  progressLogs: false,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath, useMmap: false });
const answer = { logits: [], ids: texts.map((text) => [...model.tokenize(text, true)]) };
for (const ids of tokens) {
  // With no room left node-llama-cpp drops the oldest tokens before it answers the last.
  const context = await model.createContext({ contextSize: ids.length + 8, sequences: 1 });
  const sequence = context.getSequence();
  const asked = ids.map((id) => [id, { generateNext: { logits: true } }]);
  const found = await sequence.controlledEvaluate(asked);
  answer.logits.push(found.map(({ next }) => {
    const logits = [];
    for (const [id, logit] of next.logits) logits[id] = logit;
    return logits;
  }));
  await context.dispose();
}
process.stdout.write(`ANSWER ${JSON.stringify(answer)}\n`, () => process.exit(0));
