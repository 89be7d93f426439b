/** What a command line gave back. */
export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** How to run {@linkcode quern}. */
export interface QuernOptions {
  /** The folder to run in. @default the project */
  cwd?: string;
  /** Text for standard input. @default none */
  stdin?: string;
  /** Permissions beside reading. @default writing and running deno */
  permissions?: string[];
  /** More environment variables. @default none */
  env?: Record<string, string>;
}

const ROOT = new URL("../../", import.meta.url);

/** Starts `quern` with the permissions that the tasks give it. */
export function startQuern(args: string[], options: QuernOptions = {}): Deno.ChildProcess {
  const { cwd, stdin, env, permissions = ["--allow-write", "--allow-run=deno"] } = options;
  return new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", ...permissions],
      new URL("cli/main.ts", ROOT).href,
      ...args,
    ],
    cwd: cwd ?? ROOT,
    env: { NODEVICE_SELECT: "1", NO_COLOR: "1", ...env },
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs `quern` to its end. */
export async function quern(args: string[], options: QuernOptions = {}): Promise<Answer> {
  const child = startQuern(args, options);
  if (options.stdin !== undefined) {
    await ReadableStream.from([options.stdin]).pipeThrough(new TextEncoderStream())
      .pipeTo(child.stdin);
  }
  const [code, stdout, stderr] = await Promise.all([
    child.status.then((status) => status.code),
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, stdout, stderr };
}

/** Works in a temporary folder that holds `text.txt`, some 9 kB of text of 34 characters. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/text.txt`, someText());
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The options of a model so small that it trains in a second. */
export const TINY: readonly string[] = [
  ...["--tokenizer", "char", "--layers", "1", "--heads", "2", "--channels", "16"],
  ...["--context", "8", "--batch-size", "4", "--learning-rate", "0.01", "--dropout", "0.1"],
  ...["--eval-batches", "4", "--sample-interval", "0", "--data", "text.txt"],
];

/** The losses of a run by iteration; of a repeated iteration the later one. */
export async function lossesOf(run: string): Promise<Map<number, number>> {
  const lines = (await Deno.readTextFile(`${run}/metrics.jsonl`)).trimEnd().split("\n");
  const steps = lines.map((line) => JSON.parse(line)).filter(({ loss }) => loss !== undefined);
  return new Map(steps.map(({ iteration, loss }) => [iteration, loss]));
}

function someText(): string {
  const words = "the quick brown fox jumps over a lazy dog while miller's quern grinds é 字 😀"
    .split(" ");
  const lines = Array.from(
    { length: 200 },
    (_, i) =>
      Array.from({ length: 8 }, (_, j) => words[(i * i + 7 * j + i * j) % words.length]).join(" "),
  );
  return lines.join("\n") + "\n";
}
