/**
 * Listens for Ctrl-C: the first asks for an orderly end through `signal`, the second leaves at once
 * with exit code 130.
 */
export class Interrupt implements Disposable {
  #controller = new AbortController();
  #listener = () => {
    if (this.signal.aborted) Deno.exit(130);
    this.#controller.abort();
    this.notify();
  };

  /** @param notify called at the first Ctrl-C */
  constructor(private readonly notify: () => void) {
    Deno.addSignalListener("SIGINT", this.#listener);
  }

  /** Aborted from the first Ctrl-C on. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#listener);
  }
}
