"""The recipe of translating pairs in PyTorch: an encoder and a decoder, as a yardstick for Quern's.

    /usr/bin/python3 tests/model/translation_bench.py EXAMPLES SEED

EXAMPLES is what `deno run -A tests/model/translation_bench.ts` wrote, so that both train on the same
rows and differ in nothing but the program. Prints a line of token ids for each source asked, by beam
search of 4.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from recipe import padded, read_examples, train


class Attention(nn.Module):
    def __init__(self, C, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(C, C) for _ in range(4))

    def forward(self, x, keys, hidden, dropout):
        B, T, C = x.shape

        def split(y):
            return y.view(B, -1, self.heads, C // self.heads).transpose(1, 2)

        q, k, v = split(self.q(x)), split(self.k(keys)), split(self.v(keys))
        scores = q @ k.transpose(-2, -1) * (C // self.heads) ** -0.5
        p = F.dropout(scores.masked_fill(hidden, -math.inf).softmax(-1), dropout, self.training)
        return self.out((p @ v).transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self, C, heads, dropout, cross):
        super().__init__()
        self.dropout = dropout
        self.norm1, self.own = nn.LayerNorm(C), Attention(C, heads)
        self.cross = Attention(C, heads) if cross else None
        self.norm_cross = nn.LayerNorm(C) if cross else None
        self.norm2, self.up, self.down = nn.LayerNorm(C), nn.Linear(C, 4 * C), nn.Linear(4 * C, C)

    def forward(self, x, hidden, memory=None, padding=None):
        def drop(y):
            return F.dropout(y, self.dropout, self.training)

        y = self.norm1(x)
        x = x + drop(self.own(y, y, hidden, self.dropout))
        if self.cross:
            x = x + drop(self.cross(self.norm_cross(x), memory, padding, self.dropout))
        return x + drop(self.down(F.gelu(self.up(self.norm2(x)))))


class Translator(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.C, self.K, self.dropout = config["channels"], config["outputSize"], config["dropout"]
        C, heads = self.C, config["heads"]
        self.shared = nn.Embedding(config["vocabularySize"], C)
        self.positions = nn.ModuleList(nn.Embedding(config["context"], C) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(C) for _ in range(4))
        self.encoder = Block(C, heads, self.dropout, False)
        self.decoder = Block(C, heads, self.dropout, True)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.02 * math.sqrt(1024 / C))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def embed(self, ids, side):
        x = math.sqrt(self.C) * self.shared(ids) + self.positions[side].weight[: ids.shape[1]]
        return F.dropout(self.norms[side](x), self.dropout, self.training)

    def encode(self, source, lengths):
        padding = torch.arange(source.shape[1])[None] >= lengths[:, None]
        hidden = padding[:, None, None]
        return self.norms[2](self.encoder(self.embed(source, 0), hidden)), hidden

    def decode(self, tokens, memory, hidden):
        T = tokens.shape[1]
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        x = self.norms[3](self.decoder(self.embed(tokens, 1), future, memory, hidden))
        return x @ self.shared.weight[: self.K].T


@torch.no_grad()
def translate(model, source, start, end, beams=4, most=64):
    memory, hidden = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
    going, ended = [([], 0.0)], []
    for _ in range(most):
        tokens = torch.tensor([[start] + ids for ids, _ in going])
        n = len(going)
        logits = model.decode(tokens, memory.expand(n, -1, -1), hidden.expand(n, -1, -1, -1))
        scores = logits[:, -1].log_softmax(-1) + torch.tensor([score for _, score in going])[:, None]
        best = scores.flatten().topk(min(2 * beams, scores.numel()))
        steps = [(going[i // model.K][0] + [i % model.K], value)
                 for value, i in zip(best.values.tolist(), best.indices.tolist())]
        ended += [(ids[:-1], value / len(ids)) for ids, value in steps[:beams] if ids[-1] == end]
        ended = sorted(ended, key=lambda one: -one[1])[:beams]
        going = [one for one in steps if one[0][-1] != end][:beams]
        if len(ended) == beams and ended[-1][1] >= going[0][1] / len(going[0][0]):
            break
    return max(ended or [(going[0][0], 0)], key=lambda one: one[1])[0]


def main():
    examples, seed = read_examples()
    config, recipe = examples["config"], examples["recipe"]
    model = Translator({**config, "dropout": recipe["dropout"]})

    def loss_of(batch):
        sources = [row["source"] for row in batch]
        memory, hidden = model.encode(padded(sources, 0), torch.tensor([len(s) for s in sources]))
        logits = model.decode(padded([row["tokens"] for row in batch], 0), memory, hidden)
        targets = padded([row["targets"] for row in batch], -1)
        return F.cross_entropy(
            logits.flatten(0, 1),
            targets.flatten(),
            ignore_index=-1,
            label_smoothing=recipe["labelSmoothing"],
        )

    train(model, examples["train"], recipe, seed, loss_of)
    for source in examples["asked"]:
        print(" ".join(map(str, translate(model, source, config["startId"], config["endId"]))))


main()
