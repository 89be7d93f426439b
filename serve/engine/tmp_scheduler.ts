// deno-lint-ignore-file
import { generate, type Gpt } from "../../model/mod.ts";
import type { Tokenizer } from "../../data/mod.ts";
import type { GenerationEvent, GenerationRequest } from "../../model/generation/request.ts";
export class Scheduler {
  #n = 0;
  #chain: Promise<void> = Promise.resolve();
  constructor(readonly model: Gpt, readonly o: any) {}
  static async create(model: Gpt, o: any) {
    return new Scheduler(model, o);
  }
  submit(r: GenerationRequest, on: (e: GenerationEvent) => void) {
    const c = new AbortController();
    this.#n++;
    const done = (async () => {
      await new Promise((r) => setTimeout(r, 0));
      on({
        type: "prompt",
        cachedTokens: 0,
        logprobs: r.promptLogprobs === undefined
          ? undefined
          : Array.from(r.prompt, (id, i) => i ? { id, logprob: -1, top: [] } : null),
      });
      const t = performance.now();
      let n = 0;
      let held = "";
      const s = r.sampling ?? {};
      const tok: Tokenizer = this.o.tokenizer;
      const w = tok.decoder();
      const wr = w.writable.getWriter();
      let pend = "";
      const rd = (async () => {
        for await (const x of w.readable) pend += x;
      })();
      let reason: any = "length";
      let stopped: any;
      for await (
        const id of generate(this.model, r.prompt, {
          tokens: r.maxTokens,
          temperature: s.temperature,
          topK: s.topK,
          topP: s.topP,
          seed: Math.abs(s.seed ?? 1) % 2 ** 31,
          signal: c.signal,
        })
      ) {
        n++;
        if (r.stopTokens?.includes(id)) {
          reason = "stop";
          break;
        }
        await wr.write(id);
        await 0;
        await 0;
        held += pend;
        pend = "";
        await this.model.device.check();
        const at = (r.stop ?? []).map((x) => held.indexOf(x)).filter((x) => x >= 0);
        if (at.length) {
          held = held.slice(0, Math.min(...at));
          on({ type: "tokens", tokens: [id], text: held });
          reason = "stop";
          held = "";
          break;
        }
        let keep = 0;
        for (const x of r.stop ?? []) {
          for (let k = 1; k < x.length; k++) {
            if (held.endsWith(x.slice(0, k))) keep = Math.max(keep, k);
          }
        }
        const out = held.slice(0, held.length - keep);
        held = held.slice(held.length - keep);
        on({
          type: "tokens",
          tokens: [id],
          text: out,
          logprobs: r.logprobs === undefined
            ? undefined
            : [{ id, logprob: -0.5, top: [{ id, logprob: -0.5 }].slice(0, r.logprobs) }],
        });
        if (this.model.config.context <= r.prompt.length + n) break;
        await new Promise((r) => setTimeout(r, 0));
      }
      if (c.signal.aborted) reason = "cancelled";
      if (reason !== "stop") {
        await wr.close();
        await rd;
        held += pend;
        if (held) {
          on({
            type: "tokens",
            tokens: [],
            text: held,
            logprobs: r.logprobs === undefined ? undefined : [],
          });
        }
      }
      on({
        type: "end",
        reason,
        stopped,
        tokens: n,
        queueMs: 0,
        prefillMs: 1,
        decodeMs: performance.now() - t,
      });
    })().finally(() => this.#n--);
    return { done, cancel: () => c.abort() };
  }
  async embed(_ids: ArrayLike<number>) {
    const v = new Float32Array(this.model.config.channels).fill(
      1 / Math.sqrt(this.model.config.channels),
    );
    return v;
  }
  stats() {
    return { running: this.#n, waiting: 0 };
  }
  [Symbol.dispose]() {}
}
