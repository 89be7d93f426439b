/** The real llama.cpp, which comes built inside the npm package node-llama-cpp, under Node. */
import { join } from "@std/path";

const VERSION = "3.22.1";

/** What llama.cpp says of a model. */
export interface LlamaAnswer {
  /** Of each sequence, the logits at each position. */
  logits: number[][][];
  /** The ids of each text. */
  ids: number[][];
}

/**
 * Installs llama.cpp into a folder of the system's temporary one, once: some 85 MB. Only the build
 * for this machine's CPU is asked for, and no script of any package runs.
 *
 * @returns the folder; undefined where npm can't be reached or has no build for this machine
 */
export async function installLlama(): Promise<string | undefined> {
  const build = { x86_64: "x64", aarch64: "arm64" }[Deno.build.arch];
  const platform =
    { linux: `linux-${build}`, darwin: build === "arm64" ? "mac-arm64-metal" : "mac-x64" }[
      Deno.build.os as "linux" | "darwin"
    ];
  if (platform === undefined) return undefined;
  const base = Deno.env.get("TMPDIR") ?? "/tmp";
  const folder: string = join(base, `quern-node-llama-cpp-${VERSION}`);
  if (await exists(join(folder, "ready"))) return folder;
  await Deno.mkdir(folder, { recursive: true });
  const { success } = await new Deno.Command("npm", {
    args: [
      ...["install", "--prefix", folder, "--ignore-scripts", "--omit=optional", "--no-audit"],
      ...["--no-fund", `node-llama-cpp@${VERSION}`, `@node-llama-cpp/${platform}@${VERSION}`],
    ],
    stdout: "null",
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  if (!success) return undefined;
  await Deno.writeTextFile(join(folder, "ready"), "");
  return folder;
}

/** Asks llama.cpp for the logits of sequences and the ids of texts. */
export async function askLlama(
  folder: string,
  question: { model: string; tokens: number[][]; texts: string[] },
): Promise<LlamaAnswer> {
  const child = new Deno.Command("node", {
    args: [new URL("llama.mjs", import.meta.url).pathname],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await ReadableStream.from([JSON.stringify(question)]).pipeThrough(new TextEncoderStream())
    .pipeTo(child.stdin);
  const { stdout, stderr } = await child.output();
  const line = new TextDecoder().decode(stdout).split("\n").find((each) =>
    each.startsWith("ANSWER ")
  );
  if (line === undefined) throw new Error(`llama.cpp failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(line.slice("ANSWER ".length));
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
