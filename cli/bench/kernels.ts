import {
  type Device,
  distance,
  type HostData,
  KERNEL_CASES,
  type KernelCase,
  type ModelSizes,
  sizeOf,
  type TensorData,
  TrialRun,
} from "../../kernels/mod.ts";
import type { GpuSpeed } from "../gpu_speed.ts";
import {
  type Contender,
  type PreparedWork,
  type Runner,
  spend,
  timeInTurn,
  type Timing,
} from "./contender.ts";

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
  /** What is wrong with the results of others, by name; such a one is not timed. */
  faults: Record<string, string>;
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
    /** Chooses among the variants of what was recorded; tells whether it chose any. */
    tune: () => Promise<boolean>;
    speed: GpuSpeed;
    rounds: number;
    /** Which ops, by their names. */
    ops: RegExp;
    contenders: readonly Contender[];
  },
): AsyncGenerator<KernelResult | KernelFault> {
  for (const { name, at } of KERNEL_CASES.filter(({ name }) => ops.test(name))) {
    const one: KernelCase = { label: `${name} of ${model}`, ...at(sizes) };
    using trial = await TrialRun.create(device, one.op, one);
    if (await tune()) await trial.record(one.op);
    const expected = trial.expected(one.reference);
    const fault = await trial.check(expected);
    if (fault) {
      yield { model, work: name, fault };
      continue;
    }
    const runners = new Map<string, Runner>([["quern", quernRunner(device, trial)]]);
    const faults: Record<string, string> = {};
    for (const contender of contenders) {
      const prepared = await prepareChecked(contender, name, one, {
        before: trial.before,
        expected,
      });
      if (prepared?.fault) faults[contender.name] = prepared.fault;
      else if (prepared) runners.set(contender.name, prepared.run);
    }
    const { quern, ...others } = Object.fromEntries(await timeInTurn(runners, rounds));
    const seconds = quern.medianMs / 1000;
    const gflops = (one.operations ?? 0) / seconds / 1e9;
    const gigabytesPerSecond = (one.bytes ?? bytesOf(one)) / seconds / 1e9;
    const peakShare = Math.max(
      gflops / speed.fmaGflops,
      gigabytesPerSecond / speed.copyGigabytesPerSecond,
    );
    yield { model, work: name, ...quern, gflops, gigabytesPerSecond, peakShare, others, faults };
  }
}

/** A case's numbers before the op, and those that its reference gives. */
export interface CaseNumbers {
  before: Record<string, TensorData>;
  expected: Record<string, HostData>;
}

/** Prepares an op for another program and checks its results; undefined where it has none of that name. */
export async function prepareChecked(
  contender: Contender,
  name: string,
  one: KernelCase,
  { before, expected }: CaseNumbers,
): Promise<{ run: Runner; fault?: string } | undefined> {
  const given = Object.entries(one.tensors).filter(([, { role }]) => role !== "scratch");
  const tensors = given.map(([name, { shape, dtype }]) =>
    [name, { shape, dtype, data: before[name] }] as const
  );
  const work = await contender.prepare(name, {
    tensors: Object.fromEntries(tensors),
    options: { ...one.options as Record<string, unknown> },
  });
  return work && { run: work.run, fault: await faultOf(work, one, expected) };
}

/** Elements of a result that are compared with the reference's. */
const SAMPLES = 4096;

/** What is wrong with another's results; undefined where they are the reference's. */
async function faultOf(
  work: PreparedWork,
  { tensors, tolerance }: KernelCase,
  expected: Record<string, HostData>,
): Promise<string | undefined> {
  const written = Object.keys(tensors).filter((name) =>
    !["input", "scratch"].includes(tensors[name].role)
  );
  const places = Object.fromEntries(written.map((name) => [name, spread(expected[name])]));
  const found = await work.results(places);
  if (Object.keys(found).length === 0) return "it gave no results";
  for (const [name, values] of Object.entries(found)) {
    const wanted = places[name].map((place) => expected[name][place]);
    const far = distance(values, wanted, tolerance ?? 1e-4);
    if (far) return `${name} [${tensors[name].shape}]: ${far}`;
  }
}

/** Indices of elements that the reference computed, over all of them. */
function spread(data: HostData): number[] {
  const computed = Array.from(data.keys()).filter((i) => !Number.isNaN(data[i]));
  const step = Math.max(1, computed.length / SAMPLES);
  return Array.from(
    { length: Math.min(computed.length, SAMPLES) },
    (_, i) => computed[Math.floor(i * step)],
  );
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
