import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  assertSameShape,
  configFromHuggingFace,
  configToHuggingFace,
} from "../../../model/checkpoint/mod.ts";

const CONFIG = {
  layers: 2,
  heads: 3,
  channels: 30,
  context: 12,
  vocabularySize: 65,
  dropout: 0.2,
  bias: false,
  tie: false,
};

Deno.test("config.json: what was written is read", () => {
  for (const bias of [true, false]) {
    for (const tie of [true, false]) {
      const config = { ...CONFIG, bias, tie };
      const json = JSON.parse(JSON.stringify(configToHuggingFace(config)));
      assertEquals(configFromHuggingFace(json, "config.json"), config);
    }
  }
});

Deno.test("config.json: has transformers' keys, and ours under one", () => {
  const json = configToHuggingFace(CONFIG, { endOfTextId: 7 });
  assertEquals(json.architectures, ["GPT2LMHeadModel"]);
  assertEquals([json.n_layer, json.n_head, json.n_embd, json.n_positions], [2, 3, 30, 12]);
  assertEquals([json.vocab_size, json.bos_token_id, json.eos_token_id], [65, 7, 7]);
  assertEquals([json.model_type, json.activation_function], ["gpt2", "gelu_new"]);
  assertEquals(json.tie_word_embeddings, false);
  assertEquals(json.quern, { bias: false });
});

Deno.test("config.json: the one of openai's GPT-2 is read", () => {
  const found = configFromHuggingFace({
    activation_function: "gelu_new",
    architectures: ["GPT2LMHeadModel"],
    attn_pdrop: 0.1,
    bos_token_id: 50256,
    embd_pdrop: 0.1,
    eos_token_id: 50256,
    initializer_range: 0.02,
    layer_norm_epsilon: 1e-05,
    model_type: "gpt2",
    n_ctx: 1024,
    n_embd: 768,
    n_head: 12,
    n_layer: 12,
    n_positions: 1024,
    resid_pdrop: 0.1,
    summary_activation: null,
    task_specific_params: { "text-generation": { do_sample: true, max_length: 50 } },
    vocab_size: 50257,
  }, "config.json");
  assertEquals(found, {
    layers: 12,
    heads: 12,
    channels: 768,
    context: 1024,
    vocabularySize: 50257,
    dropout: 0.1,
    bias: true,
    tie: true,
  });
});

Deno.test("config.json: a bare GPT2Model has the output layer of its embedding", () => {
  const json = { ...configToHuggingFace(CONFIG), architectures: ["GPT2Model"] };
  assertEquals(configFromHuggingFace(json, "config.json"), CONFIG);
});

Deno.test("config.json: what is computed in another way is refused by name", () => {
  const cases: [Record<string, unknown>, string][] = [
    [
      { architectures: ["LlamaForCausalLM"] },
      "architectures must be one of GPT2LMHeadModel, GPT2Model",
    ],
    [{ architectures: "GPT2LMHeadModel" }, "architectures"],
    [{ model_type: "llama" }, 'model_type must be "gpt2", got "llama"'],
    [{ model_type: undefined }, "model_type"],
    [{ activation_function: "relu" }, 'activation_function must be "gelu_new", got "relu"'],
    [{ layer_norm_epsilon: 1e-6 }, "layer_norm_epsilon must be 0.00001, got 0.000001"],
    [{ scale_attn_by_inverse_layer_idx: true }, "scale_attn_by_inverse_layer_idx must be false"],
    [{ scale_attn_weights: false }, "scale_attn_weights must be true"],
    [{ reorder_and_upcast_attn: true }, "reorder_and_upcast_attn"],
    [{ add_cross_attention: true }, "add_cross_attention"],
    [{ n_inner: 100 }, "n_inner must be null or 120"],
    [{ quern: 3 }, "quern must be an object"],
    [{ quern: { bias: 1 } }, "quern.bias must be true or false, got 1"],
    [{ quern: { rotary: true } }, "quern.rotary"],
    [{ tie_word_embeddings: "no" }, "tie_word_embeddings"],
    [{ resid_pdrop: "0.1" }, "resid_pdrop must be a number"],
  ];
  for (const [change, message] of cases) {
    const json = { ...configToHuggingFace(CONFIG), ...change };
    const error = assertThrows(() => configFromHuggingFace(json, "a/config.json"), TypeError);
    assert((error as Error).message.includes(message), `${error} has no ${message}`);
    assert((error as Error).message.includes("a/config.json"));
  }
  for (const json of [null, 3, "x", []]) {
    assertThrows(() => configFromHuggingFace(json, "config.json"), TypeError, "a JSON object");
  }
});

Deno.test("config.json: a size that is missing or impossible is refused by name", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ n_layer: undefined }, "n_layer must be a whole number of at least 1, got nothing"],
    [{ n_embd: -30 }, "n_embd"],
    [{ n_head: 4 }, "channels must be divisible by heads"],
    [{ vocab_size: "65" }, "vocab_size"],
    [{ resid_pdrop: 1 }, "dropout must be in [0, 1)"],
  ];
  for (const [change, message] of cases) {
    const json = { ...configToHuggingFace(CONFIG), ...change };
    assertThrows(() => configFromHuggingFace(json, "config.json"), RangeError, message);
  }
});

Deno.test("assertSameShape: lists every field that differs, dropout aside", () => {
  assertSameShape("runs/x", { ...CONFIG, dropout: 0 }, CONFIG);
  assertThrows(
    () => assertSameShape("runs/x", { ...CONFIG, layers: 3, bias: true }, CONFIG),
    RangeError,
    "runs/x: its model has another shape: layers must be 2, got 3; bias must be false, got true.",
  );
});
