"""Makes the golden cases that the encoder-decoder is tested against:
`/usr/bin/python3 tests/golden/encoder_decoder.py && deno fmt tests/golden`.

Needs only PyTorch. The model is written down here anew from torch's own operations, with the names and
the layout of Hugging Face's MBartForConditionalGeneration (linear weights are [out, in]), so that it
shares no line with the code under test.

For each case NAME two files are written beside this one:

NAME.safetensors, all float32
  weight.PARAMETER    initial weights, as `model.safetensors` has them
  gradient.PARAMETER  gradient of the loss by these weights, computed in float64
  logits              [B, T, K], computed in float64

NAME.json
  config       config.json of the model
  outputSize   K: tokens from K on are masked from the output
  sources      token ids of each text to translate, of different lengths
  tokens       [B, T], decoder's input; padding counts nothing
  targets      [B, T]; -1 counts nothing
  smoothing    label smoothing
  adamw, loss, gradientNorm, losses  as in generate.py
"""

import json
import math
import os

import torch
from torch.nn import functional as F

from generate import ADAMW, HERE, train, write_safetensors

CASES = [
    dict(name="encoder_decoder", seed=11, layers=(1, 1), heads=4, channels=32, ffn=128, context=16,
         vocabulary=50, output=32, tie=True, scale=False, sources=[7, 12, 3], T=9,
         targets=[9, 4, 6], smoothing=0.1),
    dict(name="encoder_decoder_deep", seed=12, layers=(2, 2), heads=3, channels=24, ffn=96,
         context=16, vocabulary=41, output=41, tie=False, scale=True, sources=[5, 8], T=8,
         targets=[8, 5], smoothing=0.0),
]


def config_of(case):
    encoder, decoder = case["layers"]
    return dict(
        model_type="mbart", architectures=["MBartForConditionalGeneration"],
        activation_function="gelu_new", d_model=case["channels"],
        encoder_layers=encoder, decoder_layers=decoder,
        encoder_attention_heads=case["heads"], decoder_attention_heads=case["heads"],
        encoder_ffn_dim=case["ffn"], decoder_ffn_dim=case["ffn"],
        max_position_embeddings=case["context"], vocab_size=case["vocabulary"],
        scale_embedding=case["scale"], tie_word_embeddings=case["tie"], is_encoder_decoder=True,
        dropout=0.0, attention_dropout=0.0, activation_dropout=0.0,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )


def initial_weights(config):
    """Wide, and with gains and biases off 1 and 0, so that every gradient counts; rounded."""
    C, V, ffn = config["d_model"], config["vocab_size"], config["encoder_ffn_dim"]
    positions = config["max_position_embeddings"] + 2
    weights = {}

    def linear(name, out, inner, deviation=0.2):
        weights[name + ".weight"] = deviation * torch.randn(out, inner)
        weights[name + ".bias"] = 0.1 * torch.randn(out)

    def norm(name):
        weights[name + ".weight"] = 1 + 0.2 * torch.randn(C)
        weights[name + ".bias"] = 0.1 * torch.randn(C)

    def attention(name):
        for part in ("k_proj", "v_proj", "q_proj", "out_proj"):
            linear(f"{name}.{part}", C, C)

    weights["model.shared.weight"] = 0.3 * torch.randn(V, C)
    for side in ("encoder", "decoder"):
        weights[f"model.{side}.embed_positions.weight"] = 0.2 * torch.randn(positions, C)
        norm(f"model.{side}.layernorm_embedding")
        for l in range(config[f"{side}_layers"]):
            layer = f"model.{side}.layers.{l}."
            attention(layer + "self_attn")
            norm(layer + "self_attn_layer_norm")
            if side == "decoder":
                attention(layer + "encoder_attn")
                norm(layer + "encoder_attn_layer_norm")
            linear(layer + "fc1", ffn, C)
            linear(layer + "fc2", C, ffn, 0.1)
            norm(layer + "final_layer_norm")
        norm(f"model.{side}.layer_norm")
    if not config["tie_word_embeddings"]:
        weights["lm_head.weight"] = 0.3 * torch.randn(V, C)
    return {name: (value * 4096).round() / 4096 for name, value in weights.items()}


def forward(weights, config, source, source_mask, tokens):
    """Logits [B, T, V]; source [B, S] with a mask of what is no padding, tokens [B, T]."""
    C, heads = config["d_model"], config["encoder_attention_heads"]
    size = C // heads

    def norm(name, x):
        return F.layer_norm(x, (C,), weights[name + ".weight"], weights[name + ".bias"], eps=1e-5)

    def linear(name, x):
        return F.linear(x, weights[name + ".weight"], weights[name + ".bias"])

    def gelu(x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    def attention(name, x, keys, hidden):
        def split(part, y):
            return linear(f"{name}.{part}", y).view(*y.shape[:2], heads, size).transpose(1, 2)

        q = split("q_proj", x) * size**-0.5
        scores = q @ split("k_proj", keys).transpose(-2, -1)
        mixed = scores.masked_fill(hidden, -math.inf).softmax(-1) @ split("v_proj", keys)
        return linear(f"{name}.out_proj", mixed.transpose(1, 2).reshape(x.shape))

    def embed(side, ids):
        scale = math.sqrt(C) if config["scale_embedding"] else 1.0
        positions = weights[f"model.{side}.embed_positions.weight"]
        x = scale * weights["model.shared.weight"][ids] + positions[2 : 2 + ids.shape[1]]
        return norm(f"model.{side}.layernorm_embedding", x)

    def feed_forward(layer, x):
        y = gelu(linear(layer + "fc1", norm(layer + "final_layer_norm", x)))
        return x + linear(layer + "fc2", y)

    padding = ~source_mask[:, None, None, :]
    x = embed("encoder", source)
    for l in range(config["encoder_layers"]):
        layer = f"model.encoder.layers.{l}."
        y = norm(layer + "self_attn_layer_norm", x)
        x = x + attention(layer + "self_attn", y, y, padding)
        x = feed_forward(layer, x)
    memory = norm("model.encoder.layer_norm", x)

    T = tokens.shape[1]
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    x = embed("decoder", tokens)
    for l in range(config["decoder_layers"]):
        layer = f"model.decoder.layers.{l}."
        y = norm(layer + "self_attn_layer_norm", x)
        x = x + attention(layer + "self_attn", y, y, future)
        y = norm(layer + "encoder_attn_layer_norm", x)
        x = x + attention(layer + "encoder_attn", y, memory, padding)
        x = feed_forward(layer, x)
    x = norm("model.decoder.layer_norm", x)
    head = "model.shared.weight" if config["tie_word_embeddings"] else "lm_head.weight"
    return x @ weights[head].T


def main():
    torch.set_num_threads(1)
    for case in CASES:
        torch.manual_seed(case["seed"])
        config = config_of(case)
        initial = initial_weights(config)
        S = max(case["sources"])
        sources = [torch.randint(3, case["vocabulary"], (n,)).tolist() for n in case["sources"]]
        source = torch.tensor([ids + [0] * (S - len(ids)) for ids in sources])
        mask = torch.tensor([[t < n for t in range(S)] for n in case["sources"]])
        shape = (len(sources), case["T"])
        tokens = torch.randint(3, case["output"], shape)
        targets = torch.randint(2, case["output"], shape)
        for b, n in enumerate(case["targets"]):
            tokens[b, n:] = 0
            targets[b, n:] = -1

        def compute(weights):
            logits = forward(weights, config, source, mask, tokens)[..., : case["output"]]
            return logits, F.cross_entropy(
                logits.flatten(0, 1), targets.flatten(), ignore_index=-1,
                label_smoothing=case["smoothing"],
            )

        everything = (initial, lambda name: True, compute)
        logits, gradients, norm, losses = train(*everything, torch.float64)
        _, _, norm32, losses32 = train(*everything, torch.float32)
        write_safetensors(
            os.path.join(HERE, case["name"] + ".safetensors"),
            {"logits": logits}
            | {"weight." + name: value for name, value in initial.items()}
            | {"gradient." + name: value for name, value in gradients.items()},
        )
        facts = dict(
            config=config,
            outputSize=case["output"],
            sources=sources,
            tokens=tokens.tolist(),
            targets=targets.tolist(),
            smoothing=case["smoothing"],
            loss=dict(float64=losses[0], float32=losses32[0]),
            gradientNorm=dict(float64=norm, float32=norm32),
            adamw=ADAMW,
            losses=dict(float64=losses, float32=losses32),
        )
        with open(os.path.join(HERE, case["name"] + ".json"), "w") as file:
            json.dump(facts, file)
            file.write("\n")


if __name__ == "__main__":
    main()
