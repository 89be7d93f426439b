"""The recipe of tagging in PyTorch: a GPT-2 with a head over tokens, as a yardstick for Quern's.

    /usr/bin/python3 tests/model/gpt_bench.py EXAMPLES SEED

EXAMPLES is what `deno run -A tests/model/gpt_bench.ts` wrote, so that both train on the same rows and
differ in nothing but the program. After each pass it prints a line for each row asked: the class of
each token.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from recipe import padded, read_examples, train


class Block(nn.Module):
    def __init__(self, C, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm1, self.qkv, self.projection = nn.LayerNorm(C), nn.Linear(C, 3 * C), nn.Linear(C, C)
        self.norm2, self.up, self.down = nn.LayerNorm(C), nn.Linear(C, 4 * C), nn.Linear(4 * C, C)

    def attend(self, x):
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, self.heads, C // self.heads).transpose(1, 2)
            for part in self.qkv(x).split(C, dim=2)
        )
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        scores = (q @ k.transpose(-2, -1) * (C // self.heads) ** -0.5).masked_fill(future, -math.inf)
        p = F.dropout(scores.softmax(-1), self.dropout, self.training)
        return self.projection((p @ v).transpose(1, 2).reshape(B, T, C))

    def forward(self, x):
        def drop(y):
            return F.dropout(y, self.dropout, self.training)

        x = x + drop(self.attend(self.norm1(x)))
        return x + drop(self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh")))


class Tagger(nn.Module):
    def __init__(self, config):
        super().__init__()
        C, layers, self.dropout = config["channels"], config["layers"], config["dropout"]
        self.tokens = nn.Embedding(config["vocabularySize"], C)
        self.positions = nn.Embedding(config["context"], C)
        self.blocks = nn.Sequential(*(Block(C, config["heads"], self.dropout) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(C), nn.Linear(C, len(config["head"]["labels"]))
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                into = name.endswith(("projection.weight", "down.weight"))
                nn.init.normal_(parameter, 0, 0.02 / math.sqrt(2 * layers) if into else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        return self.head(self.norm(self.blocks(F.dropout(x, self.dropout, self.training))))


def main():
    examples, seed = read_examples()
    recipe = examples["recipe"]
    model = Tagger({**examples["config"], "dropout": recipe["dropout"]})

    def loss_of(batch):
        logits = model(padded([row["tokens"] for row in batch], 0))
        targets = padded([row["targets"] for row in batch], -1)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)

    @torch.no_grad()
    def answer():
        for row in examples["asked"]:
            print(" ".join(map(str, model(torch.tensor([row]))[0].argmax(-1).tolist())))

    train(model, examples["train"], recipe, seed, loss_of, answer)


main()
