import {
  type Device,
  KERNEL_CASES,
  type KernelCase,
  type ModelSizes,
  sizeOf,
  TrialRun,
} from "../../kernels/mod.ts";
import type { GpuSpeed } from "../gpu_speed.ts";
import { type Contender, type Runner, spend, timeInTurn, type Timing } from "./contender.ts";

/** How fast an op is at a model's sizes. */
export interface KernelResult extends Timing {
  /** The model. */
  model: string;
  /** The op. */
  work: string;
  /** 10⁹ floating-point operations a second; 0 where memory sets the pace. */
  gflops: number;
  /** 10⁹ bytes a second of the tensors that it reads and writes. */
  gigabytesPerSecond: number;
  /** Share of what this adapter can do: of its multiply-adds, or of its copies where that is more. */
  peakShare: number;
  /** The same work by others, by name. */
  others: Record<string, Timing>;
}

/** An op that is not timed, because its result is not its reference's. */
export interface KernelFault extends Pick<KernelResult, "model" | "work"> {
  /** What is wrong. */
  fault: string;
}

/** Times ops one after another, each in turn with the others that have the same work. */
export async function* benchKernels(
  device: Device,
  model: string,
  sizes: ModelSizes,
  { speed, rounds, ops, contenders, tune }: {
    /** Chooses among the variants of what was recorded. */
    tune: () => Promise<void>;
    speed: GpuSpeed;
    rounds: number;
    /** Which ops, by their names. */
    ops: RegExp;
    contenders: readonly Contender[];
  },
): AsyncGenerator<KernelResult | KernelFault> {
  for (const { name, at } of KERNEL_CASES.filter(({ name }) => ops.test(name))) {
    const one: KernelCase = { label: `${name} of ${model}`, ...at(sizes) };
    (await TrialRun.create(device, one.op, one))[Symbol.dispose]();
    await tune();
    using trial = await TrialRun.create(device, one.op, one);
    const fault = await trial.check(one.reference);
    if (fault) {
      yield { model, work: name, fault };
      continue;
    }
    const runners = new Map<string, Runner>([["quern", quernRunner(device, trial)]]);
    for (const contender of contenders) {
      const run = await contender.prepare(name, sizes);
      if (run) runners.set(contender.name, run);
    }
    const { quern, ...others } = Object.fromEntries(await timeInTurn(runners, rounds));
    const seconds = quern.medianMs / 1000;
    const gflops = (one.operations ?? 0) / seconds / 1e9;
    const gigabytesPerSecond = (one.bytes ?? bytesOf(one)) / seconds / 1e9;
    const peakShare = Math.max(
      gflops / speed.fmaGflops,
      gigabytesPerSecond / speed.copyGigabytesPerSecond,
    );
    yield { model, work: name, ...quern, gflops, gigabytesPerSecond, peakShare, others };
  }
}

function quernRunner({ gpu }: Device, { recording }: TrialRun): Runner {
  return (runs) =>
    spend(async () => {
      for (let i = 0; i < runs; i++) recording.run();
      await gpu.queue.onSubmittedWorkDone();
    });
}

/** Bytes that an op reads and writes: what it changes counts twice, scratch not at all. */
function bytesOf({ tensors }: KernelCase): number {
  const times = { input: 1, output: 1, saved: 1, accumulate: 2, update: 2, scratch: 0 };
  return Object.values(tensors).reduce(
    (sum, { shape, role }) => sum + 4 * times[role] * sizeOf(shape),
    0,
  );
}
