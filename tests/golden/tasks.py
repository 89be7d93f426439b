"""Makes the golden cases of fine-tuning: heads over classes, padded batches and LoRA.
`/usr/bin/python3 tests/golden/tasks.py && deno fmt tests/golden`.

Heads are those of Hugging Face's GPT2ForSequenceClassification (`score`, read at the last token of a
text) and GPT2ForTokenClassification (`classifier`, with a bias). LoRA is PEFT's:
y = x W + b + alpha / rank (x A^T) B^T.

Files and fields are those of generate.py, but that `tokens` holds rows of different lengths, each of
which is computed here alone and without padding, and

  config.head  of, labels, multiLabel
  config.lora  rank, alpha, targets
  targets      of `text`: the class of each row, or a list of 0 and 1; else rows as long as the tokens'
  weights      weight of each row, of `text`
  gradient.*   of the parameters that are trained: with LoRA its own and the head's
"""

import json
import os

import torch
from torch.nn import functional as F

from generate import ADAMW, HERE, forward, hidden, initial_weights, train, write_safetensors

LORA = {"attn.c_attn": (1, 3), "attn.c_proj": (1, 1), "mlp.c_fc": (1, 4), "mlp.c_proj": (4, 1)}


def case(name, seed, lengths, classes=0, of=None, several=False, lora=None, bias=True, C=24):
    config = dict(
        layers=2, heads=3, channels=C, context=20, vocabularySize=67, dropout=0, bias=bias, tie=True
    )
    if of:
        labels = [f"class {k}" for k in range(classes)]
        config["head"] = dict(of=of, labels=labels, **({"multiLabel": True} if several else {}))
    if lora:
        config["lora"] = lora
    return dict(name=name, seed=seed, config=config, lengths=lengths)


CASES = [
    case("text_head", 11, [5, 16, 1, 9], classes=5, of="text"),
    case("text_several", 12, [4, 11, 16], classes=7, of="text", several=True, bias=False, C=21),
    case("token_head", 13, [16, 3, 8], classes=5, of="token"),
    case("token_head_no_bias", 14, [7, 12], classes=3, of="token", bias=False),
    case("lora", 15, [16, 11], lora=dict(
        rank=3, alpha=6, dropout=0, targets=["c_attn", "c_proj", "c_fc"])),
    case("lora_head", 16, [6, 16, 12], classes=4, of="text", lora=dict(
        rank=4, alpha=8, dropout=0, targets=["c_attn"])),
]


def more_weights(config):
    """The head's and the adapter's, rounded as the others are."""
    C = config["channels"]
    weights = {}
    head = config.get("head")
    if head:
        name = "score" if head["of"] == "text" else "classifier"
        weights[name + ".weight"] = 0.3 * torch.randn(len(head["labels"]), C)
        if head["of"] == "token":
            weights["classifier.bias"] = 0.2 * torch.randn(len(head["labels"]))
    lora = config.get("lora")
    if lora:
        for l in range(config["layers"]):
            for layer, (inner, outer) in LORA.items():
                if layer.split(".")[1] in lora["targets"]:
                    name = f"transformer.h.{l}.{layer}"
                    weights[name + ".lora_A.weight"] = 0.2 * torch.randn(lora["rank"], inner * C)
                    weights[name + ".lora_B.weight"] = 0.2 * torch.randn(outer * C, lora["rank"])
    return {name: (value * 4096).round() / 4096 for name, value in weights.items()}


def targets_of(config, lengths):
    head = config.get("head")
    if not head:
        return [torch.randint(config["vocabularySize"], (n,)).tolist() for n in lengths]
    K = len(head["labels"])
    if head.get("multiLabel"):
        return torch.randint(2, (len(lengths), K)).tolist()
    if head["of"] == "text":
        return torch.randint(K, (len(lengths),)).tolist()
    return [
        [-1 if torch.rand(()) < 0.4 else int(torch.randint(K, ())) for _ in range(n)]
        for n in lengths
    ]


def compute_with(config, rows, targets, row_weights):
    head = config.get("head")

    def compute(weights):
        logits, losses, counts = [], [], []
        for tokens, target, weight in zip(rows, targets, row_weights):
            tokens = torch.tensor([tokens])
            if not head:
                row = forward(weights, config, tokens)[0]
                each = F.cross_entropy(row, torch.tensor(target), reduction="none")
                count = len(target)
            elif head["of"] == "text":
                row = hidden(weights, config, tokens)[0, -1:] @ weights["score.weight"].T
                if head.get("multiLabel"):
                    each = F.binary_cross_entropy_with_logits(row, torch.tensor([target], dtype=row.dtype))
                else:
                    each = F.cross_entropy(row, torch.tensor([target]))
                count = 1
            else:
                row = hidden(weights, config, tokens)[0] @ weights["classifier.weight"].T
                row = row + weights["classifier.bias"]
                target = torch.tensor(target)
                each = F.cross_entropy(row, target, ignore_index=-1, reduction="none")
                count = int((target >= 0).sum())
            logits.append(row.detach())
            losses.append(weight * each.sum())
            counts.append(weight * count)
        return torch.cat(logits), sum(losses) / sum(counts)

    return compute


def main():
    torch.set_num_threads(1)
    for one in CASES:
        torch.manual_seed(one["seed"])
        config, lengths = one["config"], one["lengths"]
        initial = initial_weights(config) | more_weights(config)
        rows = [torch.randint(config["vocabularySize"], (n,)).tolist() for n in lengths]
        targets = targets_of(config, lengths)
        of_text = config.get("head", {}).get("of") == "text"
        row_weights = [(b % 3 + 1) / 2 if of_text else 1 for b in range(len(rows))]
        compute = compute_with(config, rows, targets, row_weights)

        def is_trained(name):
            return "lora" not in config or "lora_" in name or not name.startswith("transformer.")

        logits, gradients, norm, losses = train(initial, is_trained, compute, torch.float64)
        _, _, norm32, losses32 = train(initial, is_trained, compute, torch.float32)
        write_safetensors(
            os.path.join(HERE, one["name"] + ".safetensors"),
            {"logits": logits}
            | {"weight." + name: value for name, value in initial.items()}
            | {"gradient." + name: value for name, value in gradients.items()},
        )
        facts = dict(
            config=config,
            tokens=rows,
            targets=targets,
            weights=row_weights if of_text else None,
            loss=dict(float64=losses[0], float32=losses32[0]),
            gradientNorm=dict(float64=norm, float32=norm32),
            adamw=ADAMW,
            losses=dict(float64=losses, float32=losses32),
        )
        with open(os.path.join(HERE, one["name"] + ".json"), "w") as file:
            json.dump(facts, file)
            file.write("\n")


if __name__ == "__main__":
    main()
