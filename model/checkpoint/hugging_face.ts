import { assertConfig, type ClassHead, type GptConfig, type ModelTask } from "../config.ts";

/** A model's `config.json` as parsed. */
export type HuggingFaceConfig = Record<string, unknown>;

/** Settings of GPT2Config that change the computation; only these values are built here. */
const FIXED = {
  model_type: "gpt2",
  activation_function: "gelu_new",
  layer_norm_epsilon: 1e-5,
  scale_attn_weights: true,
  scale_attn_by_inverse_layer_idx: false,
  reorder_and_upcast_attn: false,
  add_cross_attention: false,
} as const;

/** Architectures as transformers names them. */
const ARCHITECTURE = "GPT2LMHeadModel";
const OF_TEXTS = "GPT2ForSequenceClassification";
const OF_TOKENS = "GPT2ForTokenClassification";
/** The same without its output layer, which is that of the tied embedding. */
const BARE = "GPT2Model";

/**
 * The `config.json` that Hugging Face's transformers writes for a `GPT2LMHeadModel` of this shape, or
 * for `GPT2ForSequenceClassification` or `GPT2ForTokenClassification` where it has a head.
 *
 * What transformers does not know stands under the key `quern`.
 *
 * @param options.endOfTextId id of the token between documents, if there is one
 */
export function configToHuggingFace(
  config: GptConfig,
  options: { endOfTextId?: number } = {},
): HuggingFaceConfig {
  const { endOfTextId = null } = options;
  return {
    activation_function: FIXED.activation_function,
    architectures: [architectureOf(config.head)],
    attn_pdrop: config.dropout,
    bos_token_id: endOfTextId,
    embd_pdrop: config.dropout,
    eos_token_id: endOfTextId,
    initializer_range: 0.02,
    layer_norm_epsilon: FIXED.layer_norm_epsilon,
    model_type: FIXED.model_type,
    n_ctx: config.context,
    n_embd: config.channels,
    n_head: config.heads,
    n_inner: null,
    n_layer: config.layers,
    n_positions: config.context,
    reorder_and_upcast_attn: FIXED.reorder_and_upcast_attn,
    resid_pdrop: config.dropout,
    scale_attn_by_inverse_layer_idx: FIXED.scale_attn_by_inverse_layer_idx,
    scale_attn_weights: FIXED.scale_attn_weights,
    summary_activation: null,
    summary_first_dropout: config.dropout,
    summary_proj_to_labels: true,
    summary_type: "cls_index",
    summary_use_proj: true,
    tie_word_embeddings: config.tie,
    torch_dtype: "float32",
    use_cache: true,
    vocab_size: config.vocabularySize,
    ...(config.head && headToHuggingFace(config.head)),
    quern: { bias: config.bias, ...(config.task && { task: config.task }) },
  };
}

function architectureOf(head: ClassHead | undefined): string {
  return head ? { text: OF_TEXTS, token: OF_TOKENS }[head.of] : ARCHITECTURE;
}

function headToHuggingFace({ of, labels, multiLabel = false, padId = null }: NullableHead) {
  return {
    id2label: Object.fromEntries(labels.map((label, id) => [id, label])),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
    pad_token_id: padId,
    ...(of === "token" ? { classifier_dropout: 0 } : {
      problem_type: multiLabel ? "multi_label_classification" : "single_label_classification",
    }),
  };
}

type NullableHead = Omit<ClassHead, "padId"> & { padId?: number | null };

/** The head of a model whose architecture has one. */
function headFromHuggingFace(
  json: Record<string, unknown>,
  fail: (key: string, rule: string, value: unknown) => never,
): ClassHead | undefined {
  const architectures = json.architectures as unknown[] | undefined ?? [];
  const of = architectures.includes(OF_TEXTS)
    ? "text"
    : architectures.includes(OF_TOKENS)
    ? "token"
    : undefined;
  if (of === undefined) return undefined;
  // transformers leaves out what it takes for granted: two classes of these names.
  const { id2label = { 0: "LABEL_0", 1: "LABEL_1" }, problem_type: problem, pad_token_id: padId } =
    json;
  if (!isRecord(id2label)) return fail("id2label", "an object of names by id", id2label);
  const labels = Object.keys(id2label).map((_, id) => id2label[id]);
  if (labels.length === 0 || !labels.every((label) => typeof label === "string")) {
    fail("id2label", "names by ids from 0 on", id2label);
  }
  const several = problem === "multi_label_classification";
  if (problem != null && !several && problem !== "single_label_classification") {
    fail("problem_type", "single_label_classification or multi_label_classification", problem);
  }
  return {
    ...{ of, labels: labels as string[] },
    ...(several && of === "text" ? { multiLabel: true } : {}),
    ...(typeof padId === "number" ? { padId } : {}),
  };
}

const TASKS: readonly string[] = ["classify", "tag", "translate", "chat", "text"];

function taskFromJson(
  task: unknown,
  fail: (key: string, rule: string, value: unknown) => never,
): ModelTask {
  if (!isRecord(task) || !TASKS.includes(task.name as string)) {
    return fail("quern.task", `an object with a name of ${TASKS.join(", ")}`, task);
  }
  const { name, prompt, piece } = task;
  if (prompt !== undefined && typeof prompt !== "string") fail("quern.task.prompt", "text", prompt);
  if (piece !== undefined && piece !== "first" && piece !== "last") {
    fail("quern.task.piece", "first or last", piece);
  }
  return {
    name: name as ModelTask["name"],
    ...(prompt !== undefined && { prompt: prompt as string }),
    ...(piece !== undefined && { piece: piece as "first" | "last" }),
  };
}

/**
 * The shape that a `config.json` of GPT-2 describes, with the output layer or with a head over texts
 * or tokens.
 *
 * Settings that are left out have the value transformers gives them, except for the sizes, which must
 * be there. The dropout is `resid_pdrop`: here all of GPT-2's dropouts have one rate.
 *
 * @param path where it was read, for errors
 * @throws {TypeError} if it describes a model that is computed in another way, naming the setting
 * @throws {RangeError} if a size is missing or impossible
 */
export function configFromHuggingFace(json: unknown, path: string): GptConfig {
  const fail = (key: string, rule: string, value: unknown): never => {
    throw new TypeError(
      `Cannot load the model of ${path}: ${key} must be ${rule}, got ${JSON.stringify(value)}`,
    );
  };
  if (!isRecord(json)) return fail("it", "a JSON object", json);
  const { architectures = [ARCHITECTURE], quern = {}, n_inner } = json;
  const known = [ARCHITECTURE, BARE, OF_TEXTS, OF_TOKENS];
  const isKnown = (name: unknown) => known.includes(name as string);
  if (!Array.isArray(architectures) || !architectures.some(isKnown)) {
    fail("architectures", `one of ${known.join(", ")}`, architectures);
  }
  if (json.model_type === undefined) fail("model_type", `"${FIXED.model_type}"`, null);
  for (const [key, value] of Object.entries(FIXED)) {
    const found = json[key] ?? value;
    if (found !== value) fail(key, JSON.stringify(value), found);
  }
  if (!isRecord(quern)) return fail("quern", "an object", quern);
  const { bias = true, task, ...others } = quern;
  for (const key in others) {
    fail(`quern.${key}`, "left out, only quern.bias and quern.task are known", others[key]);
  }
  const flag = (key: string, value: unknown) =>
    typeof value === "boolean" ? value : fail(key, "true or false", value);
  const size = (key: string): number => {
    const value = json[key];
    if (Number.isInteger(value) && value as number > 0) return value as number;
    throw new RangeError(
      `Cannot load the model of ${path}: ${key} must be a whole number of at least 1, got ${
        JSON.stringify(value) ?? "nothing"
      }`,
    );
  };
  const dropout = json.resid_pdrop ?? 0.1;
  if (typeof dropout !== "number") return fail("resid_pdrop", "a number", dropout);
  const config: GptConfig = {
    layers: size("n_layer"),
    heads: size("n_head"),
    channels: size("n_embd"),
    context: size("n_positions"),
    vocabularySize: size("vocab_size"),
    dropout,
    bias: flag("quern.bias", bias),
    tie: flag("tie_word_embeddings", json.tie_word_embeddings ?? true),
  };
  const head = headFromHuggingFace(json, fail);
  if (head) config.head = head;
  if (task !== undefined) config.task = taskFromJson(task, fail);
  if (n_inner != null && n_inner !== 4 * config.channels) {
    fail("n_inner", `null or ${4 * config.channels}, 4 times n_embd`, n_inner);
  }
  try {
    assertConfig(config);
  } catch (error) {
    throw new RangeError(`Cannot load the model of ${path}: ${(error as Error).message}`);
  }
  return config;
}

/**
 * Checks that a model has the wanted shape; dropout may differ.
 *
 * @param path where the model was found, for the error
 * @throws {RangeError} listing every field that differs
 */
export function assertSameShape(path: string, found: GptConfig, wanted: GptConfig): void {
  const fields = [
    "layers",
    "heads",
    "channels",
    "context",
    "vocabularySize",
    "bias",
    "tie",
  ] as const;
  const differing = fields.filter((field) => found[field] !== wanted[field]).map((field) =>
    `${field} must be ${wanted[field]}, got ${found[field]}`
  );
  if (differing.length > 0) {
    throw new RangeError(
      `Cannot use ${path}: its model has another shape: ${differing.join("; ")}. ` +
        "Ask for its shape, or start anew.",
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
