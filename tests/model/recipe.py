"""What the recipes of fine-tuning in PyTorch have in common: examples, batches, optimizer, schedule."""

import json
import math
import sys
import time

import torch
from torch import nn


def read_examples():
    """The file and the seed that the command line names: what tests/model/pytorch.ts wrote, with

    config  shape of the model
    recipe  options of `quern finetune`, by their names
    train   of each example `tokens`, `targets` (-1 for none) and, for an encoder, `source`
    asked   rows of token ids to answer
    """
    path, seed = sys.argv[1:]
    with open(path) as file:
        examples = json.load(file)
    torch.manual_seed(int(seed))
    return examples, int(seed)


def padded(rows, fill):
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


def length(example):
    return max(len(example["tokens"]), len(example.get("source", [])))


def batches(examples, size, generator):
    """Batches of like lengths, in another order each pass."""
    order = torch.randperm(len(examples), generator=generator).tolist()
    order.sort(key=lambda i: length(examples[i]))  # stable: equals stay shuffled
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    for g in torch.randperm(len(groups), generator=generator).tolist():
        yield [examples[i] for i in groups[g]]


def train(model, examples, recipe, seed, loss_of, after_pass=lambda: None):
    """AdamW that decays matrices; linear warm-up and a cosine; the gradient's norm is clipped."""
    generator = torch.Generator().manual_seed(seed)
    total = recipe["epochs"] * math.ceil(len(examples) / recipe["batchSize"])
    warmup = round(recipe["warmupFraction"] * total)
    highest, lowest = recipe["learningRate"], recipe["minLearningRate"]
    decayed = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": recipe["weightDecay"]},
            {"params": rest, "weight_decay": 0.0},
        ],
        betas=(recipe["beta1"], recipe["beta2"]),
        eps=recipe["epsilon"],
    )
    step, seconds, sum = 0, 0.0, 0.0
    for _ in range(recipe["epochs"]):
        model.train()
        for batch in batches(examples, recipe["batchSize"], generator):
            began = time.process_time()
            progress = (step - warmup) / (total - warmup)
            rate = lowest + (highest - lowest) * 0.5 * (1 + math.cos(math.pi * progress))
            for group in optimizer.param_groups:
                group["lr"] = highest * (step + 1) / (warmup + 1) if step < warmup else rate
            loss = loss_of(batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), recipe["gradientClip"])
            optimizer.step()
            step, sum, seconds = step + 1, sum + loss.item(), seconds + time.process_time() - began
            if step % 100 == 0:
                print(f"{step}/{total} {sum / 100:.3f} {1000 * seconds / step:.0f} ms", file=sys.stderr)
                sum = 0.0
        model.eval()
        after_pass()
