/**
 * Runs benches by name, each in a process of its own: `deno task bench [NAME …]`, all of them where
 * none is named. A bench prints for people what it measured, and as its last line a JSON object; the
 * last line of all is the list of those objects.
 */
import { TextLineStream } from "@std/streams";

/** The scripts of each name, relative to this folder, with their arguments. */
const BENCHES: Readonly<Record<string, readonly string[]>> = {
  gpu: ["../cli/main.ts bench"],
  data: [
    "data/tokenizers/bpe/byte_level_bpe_bench.ts",
    "data/dedup/minhash_bench.ts",
    "data/prepare_bench.ts",
    "data/shards_bench.ts",
    "data/loader_bench.ts",
    "data/tokenizers/training/train_bench.ts",
    "data/sources/web_bench.ts",
  ],
  attention: ["kernels/attention_bench.ts"],
  finetune: ["model/trainer/step_bench.ts", "model/generation/adapter_bank_bench.ts"],
  memory: ["data/prepare/prepare_bench.ts"],
};

/** Runs a script and shows what it prints; gives back its last line, parsed. */
async function run(command: string): Promise<unknown> {
  const [script, ...args] = command.split(" ");
  const child = new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write", "--allow-env"],
      ...["--allow-run=deno,/usr/bin/python3", new URL(script, import.meta.url).href, ...args],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream() as TransformStream<string, string>);
  let last = "";
  for await (const line of lines) {
    console.log(line);
    if (line !== "") last = line;
  }
  const { code } = await child.status;
  if (code !== 0) throw new Error(`The bench ${command} ended with code ${code}`);
  return JSON.parse(last);
}

const names = Deno.args.length > 0 ? Deno.args : Object.keys(BENCHES);
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`There is no bench ${unknown}; there are ${Object.keys(BENCHES).join(", ")}`);
  Deno.exit(2);
}
const results: unknown[] = [];
for (const script of names.flatMap((name) => BENCHES[name])) {
  console.log(`\n${script}`);
  results.push(await run(script));
}
console.log(JSON.stringify(results));
