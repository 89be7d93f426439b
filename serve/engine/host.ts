import { Device } from "../../kernels/mod.ts";
import type { Grammar } from "../grammar/mod.ts";
import { ModelHost } from "./model_host.ts";
import { Outbox } from "./outbox.ts";
import type { EngineStats } from "./engine.ts";
import { addStats, NO_STATS } from "./stats.ts";
import type { EngineSetup, FromEngine, LoadedModel, ToEngine } from "./protocol.ts";

type AnswerMessage = Extract<ToEngine, { type: "answer" }>;
type AdapterMessage = Extract<ToEngine, { type: "add adapter" | "remove adapter" }>;
type ComputeMessage = Extract<ToEngine, { type: "embed" | "translate" }>;

/** Options of {@linkcode runEngine}. */
export interface RunEngineOptions {
  /** Opens the GPU. @default Device.open */
  openDevice?: () => Promise<Device>;
}

/** The Worker's end of the engine: owns the GPU, and answers the messages of the main thread. */
export function runEngine({ openDevice = () => Device.open() }: RunEngineOptions = {}): void {
  const scope = self as unknown as {
    onmessage: (event: MessageEvent<ToEngine>) => void;
    postMessage(message: FromEngine): void;
  };
  const post = (message: FromEngine) => scope.postMessage(message);
  let host: Promise<EngineHost> | undefined;
  scope.onmessage = async ({ data }) => {
    if (data.type === "load") {
      host = EngineHost.load(data.setup, openDevice, post);
      await host.catch(({ message }) => post({ type: "failed", message }));
    } else (await host)?.take(data);
  };
}

/** The GPU, the models on it, and what they are asked for. */
class EngineHost {
  readonly #models = new Map<string, ModelHost>();
  /** Adapters by name, with the model that each is of. */
  readonly #adapters = new Map<string, string>();
  readonly #outbox: Outbox;
  /** What ends each answer under way, by its id. */
  readonly #cancel = new Map<number, () => void>();

  private constructor(
    private readonly device: Device,
    private readonly post: (message: FromEngine) => void,
  ) {
    this.#outbox = new Outbox((news) => post({ type: "news", news }));
    device.gpu.lost.then(({ message }) => post({ type: "lost", message }));
  }

  static async load(
    setup: EngineSetup,
    openDevice: () => Promise<Device>,
    post: (message: FromEngine) => void,
  ): Promise<EngineHost> {
    const device = await openDevice();
    const host = new EngineHost(device, post);
    for (const source of setup.models) {
      host.#models.set(source.id, await ModelHost.load(device, source, setup));
      for (const { id } of source.adapters ?? []) host.#adapters.set(id, source.id);
    }
    const models = [...host.#models.values()].map(({ facts }) => facts);
    const adapted = [...host.#adapters].map(([id, base]) => host.#adapted(id, base));
    post({ type: "loaded", models: [...models, ...adapted] });
    return host;
  }

  take(message: Exclude<ToEngine, { type: "load" }>): void {
    if (message.type === "answer") this.#answer(message);
    else if (message.type === "embed" || message.type === "translate") this.#compute(message);
    else if (message.type === "cancel") this.#cancel.get(message.id)?.();
    else if (message.type === "add adapter" || message.type === "remove adapter") {
      this.#adapt(message);
    } else this.post({ type: "stats", id: message.id, stats: this.#stats() });
  }

  /** What is known of an adapter. */
  #adapted(id: string, base: string): LoadedModel {
    return { ...this.#models.get(base)!.facts, id, base };
  }

  async #adapt(message: AdapterMessage): Promise<void> {
    const { id } = message;
    try {
      if (message.type === "add adapter") {
        const { model, adapter } = message;
        await this.#models.get(model)!.scheduler.addAdapter(adapter.id, adapter.folder);
        this.#adapters.set(adapter.id, model);
        return this.post({ type: "adapted", id, model: this.#adapted(adapter.id, model) });
      }
      this.#models.get(this.#adapters.get(message.adapter)!)!.scheduler
        .removeAdapter(message.adapter);
      this.#adapters.delete(message.adapter);
      this.post({ type: "adapted", id });
    } catch (error) {
      this.post({ type: "adapted", id, refused: (error as Error).message });
    }
  }

  /** The model that answers for a name, and the adapter that it does so with. */
  #find(name: string): { host: ModelHost; adapter?: string } {
    const base = this.#adapters.get(name);
    if (base === undefined) return { host: this.#models.get(name)! };
    return { host: this.#models.get(base)!, adapter: name };
  }

  #answer({ id, model, sequences, format }: AnswerMessage): void {
    const { host: { scheduler, grammars }, adapter } = this.#find(model);
    let grammar: Grammar | undefined;
    try {
      grammar = format && grammars.compile(format);
    } catch (error) {
      const fault = { refused: true, message: (error as Error).message };
      return this.#outbox.news({ id, end: true, fault });
    }
    if (grammar) this.#outbox.news({ id, accepted: true });
    try {
      const handles = sequences.map((request, sequence) =>
        scheduler.submit(
          { ...request, adapter, constraint: grammar?.constraint() },
          (event) => this.#outbox.event(id, { sequence, event }),
        )
      );
      const cancel = () => handles.forEach((handle) => handle.cancel());
      this.#cancel.set(id, cancel);
      Promise.all(handles.map(({ done }) => done)).then(() => this.#end(id), (error) => {
        cancel();
        this.#end(id, error);
      });
    } catch (error) {
      this.#end(id, error as Error);
    }
  }

  async #compute(message: ComputeMessage): Promise<void> {
    const { id } = message;
    const { host, adapter } = this.#find(message.model);
    const cancelled = new AbortController();
    const { signal } = cancelled;
    this.#cancel.set(id, () => cancelled.abort());
    try {
      if (message.type === "embed") {
        const vectors = await host.vectors(message.prompts, { adapter, signal });
        this.post({ type: "embedded", id, vectors });
      } else {
        const translations = await host.translate(message.sources, { ...message.search, signal });
        this.post({ type: "translated", id, translations });
      }
      this.#end(id);
    } catch (error) {
      if (signal.aborted) this.#end(id);
      else this.#end(id, error as Error);
    }
  }

  #end(id: number, error?: Error): void {
    this.#cancel.delete(id);
    const fault = error && { refused: false, message: error.message };
    this.#outbox.news({ id, end: true, fault });
    // The device remembers its first failure, so that nothing it computes after it can be trusted.
    if (error) this.device.check().catch(({ message }) => this.post({ type: "lost", message }));
  }

  #stats(): EngineStats {
    const stats = [...this.#models.values()].map(({ stats }) => stats).reduce(addStats, NO_STATS);
    return { ...stats, gpuBytes: this.device.allocatedBytes };
  }
}
