/** `quern serve` as a process of its own. */

const ROOT = new URL("../../", import.meta.url);

/** A running `quern serve`. */
export interface Serving extends AsyncDisposable {
  url: string;
  process: Deno.ChildProcess;
  /** What it has written to standard error so far. */
  stderr(): string;
  /** What it has written to standard output so far. */
  stdout(): string;
  /** Its exit code, once it has ended. */
  code: Promise<number>;
}

/** How to start it. */
export interface ServingOptions {
  /** The folder whose reading is allowed. */
  folder: string;
  args: string[];
  /** @default none */
  env?: Record<string, string>;
  /** Permissions beside those that it needs. @default none */
  permissions?: string[];
  /** What must have been said. @default that it is ready */
  until?: RegExp;
}

/** Starts `quern serve` on a free port with no more permissions than it needs. */
export async function startServing(
  { folder, args, env = {}, permissions = [], until = /Ready/ }: ServingOptions,
): Promise<Serving> {
  const port = freePort();
  const process = new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--no-prompt", `--allow-net=127.0.0.1:${port}`],
      `--allow-read=${folder},${new URL(".", ROOT).pathname}`,
      ...permissions,
      new URL("cli/main.ts", ROOT).href,
      ...["serve", "--from", folder, "--port", String(port), ...args],
    ],
    env: { NODEVICE_SELECT: "1", NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [stdout, stderr] = [collect(process.stdout), collect(process.stderr)];
  const code = process.status.then(({ code }) => code);
  let ended = false;
  code.then(() => ended = true);
  while (!until.test(stderr.text()) && !ended) await new Promise((r) => setTimeout(r, 20));
  return {
    ...{ url: `http://127.0.0.1:${port}`, process, code, stderr: stderr.text, stdout: stdout.text },
    async [Symbol.asyncDispose]() {
      if (!ended) process.kill("SIGKILL");
      await Promise.all([code, stdout.end, stderr.end]);
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

function collect(stream: ReadableStream<Uint8Array>): { text(): string; end: Promise<void> } {
  let text = "";
  const end = stream.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({
      write(part) {
        text += part;
      },
    }),
  );
  return { text: () => text, end };
}
