import { TextLineStream } from "@std/streams";
import type { Contender, Given, Spent, WorkSizes } from "./contender.ts";
import type { TensorData } from "../../kernels/mod.ts";
import { TORCH_PROGRAM } from "./torch_program.ts";

/**
 * PyTorch on this machine's processor, in a process of its own that waits between works without
 * spinning; undefined where there is no Python with PyTorch.
 *
 * With an optimised BLAS (Debian: `libopenblas0-openmp`) it is several times as fast.
 */
export async function openTorch(): Promise<Contender | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("/usr/bin/python3", {
      args: ["-c", TORCH_PROGRAM],
      env: { OMP_WAIT_POLICY: "PASSIVE", OMP_NUM_THREADS: String(navigator.hardwareConcurrency) },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (error) {
    const { NotFound, NotCapable } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotCapable) return undefined;
    throw error;
  }
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream() as TransformStream<string, string>).getReader();
  const writer = child.stdin.getWriter();
  const answer = async () => {
    const { value } = await lines.read();
    return value === undefined ? undefined : JSON.parse(value);
  };
  const ask = async (question: unknown, data: readonly TensorData[] = []) => {
    await writer.write(new TextEncoder().encode(JSON.stringify(question) + "\n"));
    for (const { buffer, byteOffset, byteLength } of data) {
      await writer.write(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
    }
    const answered = await answer();
    if (!answered) throw new Error(`PyTorch's process ended at ${JSON.stringify(question)}`);
    return answered;
  };
  const run = (runs: number) => ask({ runs }) as Promise<Spent>;
  const first = await answer();
  if (!first) return undefined;
  return {
    name: `PyTorch ${first.version} on the CPU`,
    async prepare(work: string, { tensors, options }: Given) {
      const all = Object.entries(tensors);
      const shapes = all.map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
      const question = { work, tensors: shapes, options };
      const { ready } = await ask(question, all.map(([, { data }]) => data));
      return ready ? { run, results: (places) => ask({ places }) } : undefined;
    },
    async prepareTraining(sizes: WorkSizes) {
      await ask({ training: sizes });
      return run;
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
    },
  };
}
