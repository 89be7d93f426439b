"""Makes the golden cases that the model is tested against:
`/usr/bin/python3 tests/golden/generate.py && deno fmt tests/golden`.

Needs only PyTorch. GPT-2 is written down here anew, in the layout of Hugging Face's GPT2LMHeadModel
(linear weights are [in, out]), so that it shares no line with the code under test.

For each case NAME two files are written beside this one:

NAME.safetensors, all float32
  weight.PARAMETER    initial weights, under their Hugging Face names; no biases where bias is false
  gradient.PARAMETER  gradient of the loss by these weights, computed in float64
  logits              [B, T, V], computed in float64
  embeddings          [B, C], mean of a row's states behind the last layer norm, scaled to length 1

NAME.json
  config       layers, heads, channels, context, vocabularySize, dropout, bias, tie
  tokens       [B, T]
  targets      [B, T]; -1 counts nothing
  weights      [B, T], weight of each target, or null where all are 1
  documentStarts    [B, T], where each token's document begins in its row: tokens attend only within
                    their own, whose first token is no target; absent where rows are of one document
  restartPositions  whether positions restart with each document; absent as well
  loss         sum of weight x cross-entropy over the sum of weights, of the targets that count;
               {"float64", "float32"}
  gradientNorm global L2 norm of the gradient before clipping; {"float64", "float32"}
  adamw        learningRate, beta1, beta2, epsilon, weightDecay, gradientClip; decay is for tensors of
               two dimensions only
  losses       loss before each of ten updates on this one batch; {"float64", "float32"}
"""

import json
import math
import os
import struct

import torch
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
ADAMW = dict(
    learningRate=1e-3, beta1=0.9, beta2=0.99, epsilon=1e-8, weightDecay=0.1, gradientClip=1.0
)
STEPS = 10


def case(name, seed, L, NH, C, T, V, B, bias, tie, context=None, gaps=False, weighted=False,
         documents=None, restart=False):
    config = dict(
        layers=L, heads=NH, channels=C, context=context or T, vocabularySize=V, dropout=0,
        bias=bias, tie=tie,
    )
    return dict(
        name=name, seed=seed, config=config, B=B, T=T, gaps=gaps, weighted=weighted,
        documents=documents, restart=restart,
    )


CASES = [
    case("tied_bias", 1, L=2, NH=4, C=32, T=16, V=65, B=2, bias=True, tie=True),
    case("tied_no_bias", 2, L=2, NH=3, C=18, T=9, V=67, B=3, bias=False, tie=True, gaps=True),
    case("untied_bias", 3, L=1, NH=3, C=21, T=8, V=65, B=2, bias=True, tie=False, context=11,
         gaps=True, weighted=True),
    case("untied_no_bias", 4, L=1, NH=3, C=30, T=12, V=50, B=2, bias=False, tie=False),
    case("documents", 5, L=2, NH=2, C=32, T=16, V=40, B=3, bias=True, tie=True,
         documents=[[5, 4, 7], [1, 1, 14], [16]]),
    case("documents_restarted", 6, L=1, NH=4, C=64, T=16, V=40, B=2, bias=True, tie=True,
         documents=[[9, 7], [3, 12, 1]], restart=True),
]


def initial_weights(config):
    """Wider than GPT-2's, and with gains and biases off 1 and 0, so that every gradient counts.

    Rounded, because the last bits of random numbers differ from processor to processor.
    """
    C, V = config["channels"], config["vocabularySize"]
    weights = {}

    def matrix(name, rows, columns, deviation):
        weights[name] = deviation * torch.randn(rows, columns)

    def affine(name, *shape, deviation=0.2):
        if len(shape) == 1:
            weights[name + ".weight"] = 1 + 0.2 * torch.randn(shape)
        else:
            matrix(name + ".weight", *shape, deviation)
        if config["bias"]:
            weights[name + ".bias"] = 0.1 * torch.randn(shape[-1])

    matrix("transformer.wte.weight", V, C, 0.3)
    matrix("transformer.wpe.weight", config["context"], C, 0.2)
    for l in range(config["layers"]):
        block = f"transformer.h.{l}."
        affine(block + "ln_1", C)
        affine(block + "attn.c_attn", C, 3 * C, deviation=0.3)
        affine(block + "attn.c_proj", C, C)
        affine(block + "ln_2", C)
        affine(block + "mlp.c_fc", C, 4 * C)
        affine(block + "mlp.c_proj", 4 * C, C, deviation=0.1)
    affine("transformer.ln_f", C)
    if not config["tie"]:
        matrix("lm_head.weight", V, C, 0.3)
    return {name: (value * 4096).round() / 4096 for name, value in weights.items()}


def starts_of(documents):
    """Where the document of each token begins, of rows of documents' lengths."""
    rows = []
    for lengths in documents:
        row = []
        for length in lengths:
            row += [len(row)] * length
        rows.append(row)
    return torch.tensor(rows)


def hidden(weights, config, tokens, starts=None, restart=False):
    """Result of the last layer norm, [B, T, C], of tokens [B, T] of documents that begin at starts
    [B, T]; by default a row is one document."""
    heads, C = config["heads"], config["channels"]
    B, T = tokens.shape
    if starts is None:
        starts = torch.zeros_like(tokens)

    def norm(name, x):
        return F.layer_norm(
            x, (C,), weights[name + ".weight"], weights.get(name + ".bias"), eps=1e-5
        )

    def linear(name, x):
        y = x @ weights[name + ".weight"]
        if config["bias"]:
            y = y + weights[name + ".bias"]
        if name + ".lora_A.weight" in weights:
            low = x @ weights[name + ".lora_A.weight"].T
            scale = config["lora"]["alpha"] / config["lora"]["rank"]
            y = y + scale * low @ weights[name + ".lora_B.weight"].T
        return y

    def gelu(x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    def attention(block, x):
        q, k, v = (
            part.view(B, T, heads, C // heads).transpose(1, 2)
            for part in linear(block + "attn.c_attn", x).split(C, dim=2)
        )
        scores = q @ k.transpose(-2, -1) / math.sqrt(C // heads)
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        others = starts[:, :, None] != starts[:, None, :]
        hidden = (future | others)[:, None]
        mixed = scores.masked_fill(hidden, -math.inf).softmax(-1) @ v
        return linear(block + "attn.c_proj", mixed.transpose(1, 2).reshape(B, T, C))

    positions = torch.arange(T) - starts if restart else torch.arange(T).expand(B, T)
    x = weights["transformer.wte.weight"][tokens] + weights["transformer.wpe.weight"][positions]
    for l in range(config["layers"]):
        block = f"transformer.h.{l}."
        x = x + attention(block, norm(block + "ln_1", x))
        x = x + linear(block + "mlp.c_proj", gelu(linear(block + "mlp.c_fc", norm(block + "ln_2", x))))
    return norm("transformer.ln_f", x)


def forward(weights, config, tokens, starts=None, restart=False):
    """Logits [B, T, V] of tokens [B, T]."""
    head = weights["transformer.wte.weight" if config["tie"] else "lm_head.weight"]
    return hidden(weights, config, tokens, starts, restart) @ head.T


def embeddings(initial, config, tokens):
    """Mean states of rows of one document each, scaled to length 1, [B, C]."""
    weights = {name: value.double() for name, value in initial.items()}
    return F.normalize(hidden(weights, config, tokens).mean(1), dim=1)


def loss_of(logits, targets, target_weights):
    each = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="none"
    )
    counted = target_weights.flatten() * (targets.flatten() != -1)
    return (each * counted).sum() / counted.sum()


def run(config, initial, tokens, targets, target_weights, starts, restart, dtype):
    """Ten steps in one precision; logits, gradients and norm are those of the first."""
    target_weights = target_weights.to(dtype)

    def compute(weights):
        logits = forward(weights, config, tokens, starts, restart)
        return logits, loss_of(logits, targets, target_weights)

    return train(initial, lambda name: True, compute, dtype)


def train(initial, is_trained, compute, dtype):
    """Ten steps of what `compute` makes of the weights: logits and a loss."""
    values = {name: value.to(dtype, copy=True) for name, value in initial.items()}
    weights = {name: value.requires_grad_() for name, value in values.items() if is_trained(name)}
    optimizer = torch.optim.AdamW(
        [
            {"params": [w for w in weights.values() if w.dim() == 2], "weight_decay": ADAMW["weightDecay"]},
            {"params": [w for w in weights.values() if w.dim() < 2], "weight_decay": 0.0},
        ],
        lr=ADAMW["learningRate"], betas=(ADAMW["beta1"], ADAMW["beta2"]), eps=ADAMW["epsilon"],
    )
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        logits, loss = compute(values)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            gradients = {name: w.grad.clone() for name, w in weights.items()}
            first_logits = logits.detach()
        norm = torch.nn.utils.clip_grad_norm_(weights.values(), ADAMW["gradientClip"])
        if step == 0:
            first_norm = norm.item()
        optimizer.step()
    return first_logits, gradients, first_norm, losses


def formula_weights(config):
    """Weights that need no file: numbers of a linear congruential generator, name after name."""
    state = 1

    def uniform(count):
        nonlocal state
        values = []
        for _ in range(count):
            state = (state * 1664525 + 1013904223) % 2**32
            values.append(state / 2**32 - 0.5)
        return torch.tensor(values, dtype=torch.float64)

    weights = {}
    for name, value in sorted(initial_weights(config).items()):
        gain = 1 if value.dim() == 1 and name.endswith(".weight") else 0
        weights[name] = (gain + uniform(value.numel()) / 2).view(value.shape).float()
    return weights


def write_formula():
    """The golden that `quern doctor --verify` carries: model/trainer/golden.ts holds its numbers."""
    config = case("formula", 0, L=2, NH=4, C=64, T=16, V=128, B=2, bias=True, tie=True)["config"]
    index = torch.arange(32).view(2, 16)
    tokens, targets = (index * 7 + 3) % 128, (index * 5 + 1) % 128
    starts = torch.zeros(2, 16, dtype=torch.long)
    args = (config, formula_weights(config), tokens, targets, torch.ones(2, 16), starts, False)
    _, _, norm, losses = run(*args, torch.float64)
    with open(os.path.join(HERE, "formula.json"), "w") as file:
        json.dump(dict(config=config, adamw=ADAMW, gradientNorm=norm, losses=losses), file)
        file.write("\n")


def write_safetensors(path, tensors):
    header, offset, data = {}, 0, []
    for name, tensor in sorted(tensors.items()):
        values = tensor.flatten().tolist()
        header[name] = dict(
            dtype="F32", shape=list(tensor.shape), data_offsets=[offset, offset + 4 * len(values)]
        )
        offset += 4 * len(values)
        data.append(struct.pack(f"<{len(values)}f", *values))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def main():
    # One thread: on one kind of processor every run gives the same bits.
    torch.set_num_threads(1)
    write_formula()
    for one in CASES:
        torch.manual_seed(one["seed"])
        config, shape = one["config"], (one["B"], one["T"])
        initial = initial_weights(config)
        tokens = torch.randint(config["vocabularySize"], shape)
        targets = torch.randint(config["vocabularySize"], shape)
        if one["gaps"]:
            targets[torch.rand(shape) < 0.3] = -1
        starts = torch.zeros(shape, dtype=torch.long)
        if one["documents"]:
            starts = starts_of(one["documents"])
            targets[:, :-1][starts[:, 1:] != starts[:, :-1]] = -1
        # Multiples of 1/16 are exact in JSON and in float32.
        target_weights = torch.randint(0, 33, shape) / 16 if one["weighted"] else torch.ones(shape)
        args = (config, initial, tokens, targets, target_weights, starts, one["restart"])
        logits, gradients, norm, losses = run(*args, torch.float64)
        _, _, norm32, losses32 = run(*args, torch.float32)
        write_safetensors(
            os.path.join(HERE, one["name"] + ".safetensors"),
            {"logits": logits, "embeddings": embeddings(initial, config, tokens)}
            | {"weight." + name: value for name, value in initial.items()}
            | {"gradient." + name: value for name, value in gradients.items()},
        )
        facts = dict(
            config=config,
            tokens=tokens.tolist(),
            targets=targets.tolist(),
            weights=target_weights.tolist() if one["weighted"] else None,
            loss=dict(float64=losses[0], float32=losses32[0]),
            gradientNorm=dict(float64=norm, float32=norm32),
            adamw=ADAMW,
            losses=dict(float64=losses, float32=losses32),
        )
        if one["documents"]:
            facts |= dict(documentStarts=starts.tolist(), restartPositions=one["restart"])
        with open(os.path.join(HERE, one["name"] + ".json"), "w") as file:
            json.dump(facts, file)
            file.write("\n")


if __name__ == "__main__":
    main()
