/** A server on loopback with small models whose weights are random, for tests. */
import {
  byteTokenizer,
  pairIds,
  type Tokenizer,
  trainBpe,
  trainPairTokenizer,
} from "../../data/mod.ts";
import { parseTokenizer } from "../../data/tokenizers/mod.ts";
import { Device } from "../../kernels/mod.ts";
import { EncoderDecoder, Gpt, type GptConfig } from "../../model/mod.ts";
import {
  type AppOptions,
  createApp,
  type Engine,
  type EngineOptions,
  type ErrorBody,
  listen,
  type LogRecord,
  type Server,
  startEngine,
} from "../../serve/mod.ts";

/** Text of which the byte-pair tokenizer of tests is made. */
export const TEXT = [
  "First Citizen: Before we proceed any further, hear me speak. All: Speak, speak. ",
  "To be, or not to be, that is the question: whether 'tis nobler in the mind to suffer. ",
  '{"name": "Romeo", "age": 16, "city": "Verona", "tags": ["young", "in love"]} ',
  "é è ü 春眠不觉晓 😀 👩‍👩‍👧 0123456789 ",
].join("\n").repeat(4);

const SHAPE: Omit<GptConfig, "vocabularySize"> = {
  ...{ layers: 2, heads: 2, channels: 32, context: 256, dropout: 0, bias: true, tie: true },
};

/** A tokenizer of bytes, or of byte pairs with the special tokens `<|endoftext|>` and `<|mark|>`. */
export async function testTokenizer(kind: "byte" | "bpe"): Promise<Tokenizer> {
  if (kind === "byte") return byteTokenizer();
  const { json } = await trainBpe(ReadableStream.from([TEXT]), {
    vocabularySize: 400,
    specialTokens: ["<|endoftext|>", "<|mark|>"],
  });
  return parseTokenizer(json, "tokenizer.json");
}

/** How to make a model. */
export interface ModelOptions extends Partial<GptConfig> {
  /** @default "byte" */
  tokenizer?: "byte" | "bpe";
  /** Seed of the weights. @default 1 */
  seed?: number;
  /** Whether it has an encoder, which translates English to Chinese. @default false */
  encoder?: boolean;
  /** A folder that has the model already. @default a new one, with random weights */
  folder?: string;
}

/** Writes a model's folder; its weights are large enough that it likes some tokens much more than others. */
export async function writeModel(folder: string, options: ModelOptions = {}): Promise<Tokenizer> {
  const { tokenizer: kind = "byte", seed = 1, ...shape } = options;
  const tokenizer = await testTokenizer(kind);
  using device = await Device.open();
  const config = { ...SHAPE, vocabularySize: tokenizer.vocabularySize, ...shape };
  using model = Gpt.create(device, config, { seed });
  for (const [name, tensor] of model.parameters.tensors) {
    if (name.includes("ln_")) continue;
    tensor.write((await tensor.read() as Float32Array).map((value) => 6 * value));
  }
  model.tokenizer = tokenizer.toJson();
  await model.save(folder);
  return tokenizer;
}

/** Pairs of which the tokenizer of models with an encoder is made. */
const PAIRS = [
  { source: "I like green tea. You drink water.", target: "我喜欢绿茶。你喝水。" },
  { source: "Where is the station? I can swim.", target: "车站在哪里？我会游泳。" },
];

/** Writes the folder of an encoder–decoder whose translations depend on the text. */
async function writePairModel(folder: string, { seed = 1, context = 48 }: ModelOptions) {
  const { tokenizer, outputSize } = await trainPairTokenizer(PAIRS, { sourceSize: 270 });
  using device = await Device.open();
  using model = EncoderDecoder.create(device, {
    ...{ encoderLayers: 1, decoderLayers: 1, heads: 2, channels: 32, context, outputSize },
    ...{ vocabularySize: tokenizer.vocabularySize, dropout: 0, tie: true, scaleEmbedding: true },
    ...pairIds(tokenizer),
  }, { seed });
  for (const [name, tensor] of model.parameters.tensors) {
    if (!/[.]h[.].*[.]weight$/.test(name) || tensor.shape.length < 2) continue;
    tensor.write((await tensor.read() as Float32Array).map((value) => 3 * value));
  }
  model.tokenizer = tokenizer.toJson();
  await model.save(folder);
}

/** How to serve. */
export interface ServeOptions extends Omit<AppOptions, "engine" | "log"> {
  /** Models by name. @default { tiny: {} } */
  models?: Record<string, ModelOptions>;
  /** @default 32 MiB cache and a batch of 32 */
  engine?: Partial<EngineOptions>;
  /** Whether to wait until the models are loaded. @default true */
  wait?: boolean;
}

/** A running server. */
export class Served implements AsyncDisposable {
  /** Records of requests that are over. */
  readonly log: LogRecord[];

  private constructor(
    readonly engine: Engine,
    readonly server: Server,
    readonly app: ReturnType<typeof createApp>,
    readonly folders: Readonly<Record<string, string>>,
    log: LogRecord[],
    private readonly stack: AsyncDisposableStack,
  ) {
    this.log = log;
  }

  static async start(options: ServeOptions = {}): Promise<Served> {
    const { models = { tiny: {} }, wait = true } = options;
    await using stack = new AsyncDisposableStack();
    const folders: Record<string, string> = {};
    for (const [id, model] of Object.entries(models)) {
      if (model.folder) {
        folders[id] = model.folder;
        continue;
      }
      const folder = folders[id] = await Deno.makeTempDir();
      stack.defer(() => Deno.remove(folder, { recursive: true }));
      await (model.encoder ? writePairModel : writeModel)(folder, model);
    }
    const engine = stack.use(startEngine({
      models: Object.entries(folders).map(([id, folder]) => ({ id, folder })),
      cacheMemoryBytes: 32 << 20,
      maxBatch: 32,
      ...options.engine,
    }));
    const log: LogRecord[] = [];
    const app = createApp({ ...options, engine, log: (record) => log.push(record) });
    const server = stack.use(await listen(app, { port: 0, limits: options.limits }));
    if (wait) await engine.ready;
    return new Served(engine, server, app, folders, log, stack.move());
  }

  /** The address without a path. */
  get url(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }

  /** Sends JSON, or a text as it is. */
  async post(path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
    return await fetch(this.url + path, {
      method: "POST",
      ...init,
      headers: { "content-type": "application/json", ...init.headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** Sends JSON and reads the answer, which must be a success. */
  // deno-lint-ignore no-explicit-any
  async json(path: string, body: unknown): Promise<any> {
    const response = await this.post(path, body);
    const answer = await response.json();
    if (!response.ok) throw new Error(`${response.status}: ${answer.error.message}`);
    return answer;
  }

  /** Continues a prompt with the first model and gives the text. */
  async complete(prompt: unknown, fields: Record<string, unknown> = {}): Promise<string> {
    const model = Object.keys(this.folders)[0];
    const { choices } = await this.json("/v1/completions", { model, prompt, ...fields });
    return choices[0].text;
  }

  /** Sends JSON that must be refused, and gives what the error says. */
  async refused(path: string, body: unknown, status = 400): Promise<ErrorBody["error"]> {
    const response = await this.post(path, body);
    const text = await response.text();
    if (response.status !== status) {
      throw new Error(`wanted ${status}, got ${response.status}: ${text}`);
    }
    return JSON.parse(text).error;
  }

  /** The chunks of a stream, which must end with `[DONE]`. */
  // deno-lint-ignore no-explicit-any
  async chunks(path: string, body: Record<string, unknown>): Promise<any[]> {
    const response = await this.post(path, { ...body, stream: true });
    return chunksOf(await response.text());
  }

  /** A figure of `/metrics`; all that have the name and the labels are added. */
  async metric(name: string, labels = ""): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return text.split("\n")
      .filter((line) => /^[\w:]+/.exec(line)?.[0] === `quern:${name}` && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/** The JSON of a stream's events, of which the last must be `[DONE]`. */
// deno-lint-ignore no-explicit-any
export function chunksOf(text: string): any[] {
  const events = text.split("\n\n");
  if (events.at(-1) !== "" || events.at(-2) !== "data: [DONE]") {
    throw new Error(`A stream must end with [DONE], got ${JSON.stringify(text.slice(-200))}`);
  }
  return events.slice(0, -2).map((event) => JSON.parse(event.slice("data: ".length)));
}

/** Looks every few milliseconds until something is so. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 5000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!await isSo()) {
    if (performance.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
