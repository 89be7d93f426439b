import { DataError } from "../errors.ts";

/** Options of `WorkerPool`. */
export interface WorkerPoolOptions<Setup> {
  /** The module that the workers run; it answers each message `{ task }` with one message. */
  module: URL;
  /** What each worker is told first. */
  setup: Setup;
  /** Number of workers. @default the machine's cores */
  workers?: number;
}

/** What a worker is sent: its setup once, then tasks. */
export type PoolMessage<Setup, Task> = { setup: Setup } | { task: Task };

/** What a worker answers to a task; of a `DataError` its place too, which cloning would lose. */
export type PoolAnswer<Result> =
  | { result: Result }
  | { error: unknown; place?: DataErrorPlace };

type DataErrorPlace = Pick<DataError, "path" | "byteOffset">;

interface Job<Task, Result> {
  task: Task;
  transfer: Transferable[];
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** A fixed number of workers that share a queue of tasks. */
export class WorkerPool<Setup, Task, Result> implements Disposable {
  #workers: Worker[];
  #idle: Worker[];
  #queue: Job<Task, Result>[] = [];
  #running = new Map<Worker, Job<Task, Result>>();
  #failure?: Error;

  constructor(
    { module, setup, workers = navigator.hardwareConcurrency }: WorkerPoolOptions<Setup>,
  ) {
    if (!Number.isSafeInteger(workers) || workers < 1) {
      throw new RangeError(
        `Cannot start workers: their number must be a whole number of at least 1, got ${workers}`,
      );
    }
    this.#workers = Array.from({ length: workers }, () => this.#start(module, setup));
    this.#idle = [...this.#workers];
  }

  /** Number of workers. */
  get size(): number {
    return this.#workers.length;
  }

  /**
   * Has a worker do a task; what is named in `transfer` moves there and is empty here afterwards.
   *
   * @throws what the task throws, its class kept where structured clone keeps it
   */
  run(task: Task, transfer: Transferable[] = []): Promise<Result> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#queue.push({ task, transfer, resolve, reject });
    this.#next();
    return promise;
  }

  /**
   * The results of many tasks in the order of the tasks, however long each takes; `R` is what the
   * workers answer to these. No more than two tasks a worker are under way or waiting to be taken.
   */
  async *map<R extends Result>(
    tasks: AsyncIterable<{ task: Task; transfer?: Transferable[] }>,
  ): AsyncGenerator<R> {
    const ahead: Promise<R>[] = [];
    for await (const { task, transfer } of tasks) {
      const result = this.run(task, transfer) as Promise<R>;
      result.catch(() => {}); // it is awaited below, perhaps after another one has failed
      ahead.push(result);
      if (ahead.length >= 2 * this.size) yield await ahead.shift()!;
    }
    for (const result of ahead) yield await result;
  }

  /** Ends the workers at once; tasks under way fail. */
  [Symbol.dispose](): void {
    this.#fail(new Error("Cannot run the task: its workers have been ended"));
    for (const worker of this.#workers) worker.terminate();
  }

  #start(module: URL, setup: Setup): Worker {
    const worker = new Worker(module, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<PoolAnswer<Result>>) => {
      const job = this.#running.get(worker)!;
      this.#running.delete(worker);
      this.#idle.push(worker);
      if ("error" in data) job.reject(errorOf(data));
      else job.resolve(data.result);
      this.#next();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(new Error(`A worker has stopped: ${event.message}`));
    };
    worker.postMessage({ setup });
    return worker;
  }

  #next(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const worker = this.#idle.pop()!;
      const job = this.#queue.shift()!;
      this.#running.set(worker, job);
      worker.postMessage({ task: job.task }, job.transfer);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const job of [...this.#running.values(), ...this.#queue]) job.reject(this.#failure);
    this.#running.clear();
    this.#queue = [];
  }
}

function errorOf({ error, place }: { error: unknown; place?: DataErrorPlace }): unknown {
  if (place === undefined || !(error instanceof Error)) return error;
  const { path, byteOffset } = place;
  const where = `, at ${path}:${byteOffset}`;
  return new DataError(error.message.slice(0, -where.length), path, byteOffset, { cause: error });
}

/** What a worker makes of a task. */
export type Work<Task, Result> = (task: Task) => Answer<Result> | Promise<Answer<Result>>;

interface Answer<Result> {
  result: Result;
  /** What moves to the other side. */
  transfer?: Transferable[];
}

/**
 * The other end of a `WorkerPool`, called once in the worker's module.
 *
 * @param open makes of the setup what answers the tasks; a list of what to transfer may come with
 * each answer
 */
export function serveTasks<Setup, Task, Result>(
  open: (setup: Setup) => Work<Task, Result> | Promise<Work<Task, Result>>,
): void {
  const scope = self as unknown as {
    onmessage: (event: MessageEvent<PoolMessage<Setup, Task>>) => void;
    postMessage(message: PoolAnswer<Result>, transfer: Transferable[]): void;
  };
  const { promise: ready, resolve, reject } = Promise.withResolvers<Work<Task, Result>>();
  ready.catch(() => {}); // it comes out at the first task
  scope.onmessage = async ({ data }) => {
    if ("setup" in data) {
      Promise.try(open, data.setup).then(resolve, reject);
      return;
    }
    try {
      const { result, transfer = [] } = await (await ready)(data.task);
      scope.postMessage({ result }, transfer);
    } catch (error) {
      const isData = error instanceof DataError;
      const place = isData ? { path: error.path, byteOffset: error.byteOffset } : undefined;
      scope.postMessage({ error, place }, []);
    }
  };
}
