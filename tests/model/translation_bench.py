"""The recipe of translating Tatoeba's pairs, in PyTorch, as a yardstick for the same one in Quern.

    /usr/bin/python3 tests/model/translation_bench.py RUN --passes 8 --seed 1 > hypotheses.txt

RUN is the folder of a run of `quern finetune --architecture encoder-decoder --task translate`; its
`pairs.json`, written by `deno run -A tests/model/translation_bench.ts`, holds the token ids of both
sides of all pairs, so that both train on the same batches' worth of the same examples and differ in
nothing but the program. Prints a line of token ids for each validation source, by beam search of 4.
"""

import argparse
import json
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


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
    def __init__(self, V, K, C=128, heads=4, context=64, dropout=0.1):
        super().__init__()
        self.C, self.K, self.dropout = C, K, dropout
        self.shared = nn.Embedding(V, C)
        self.positions = nn.ModuleList(nn.Embedding(context, C) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(C) for _ in range(4))
        self.encoder = Block(C, heads, dropout, False)
        self.decoder = Block(C, heads, dropout, True)
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


def padded(rows, fill):
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


def batches(pairs, size, generator):
    """Batches of like lengths, in another order each pass."""
    order = torch.randperm(len(pairs), generator=generator).tolist()
    order.sort(key=lambda i: max(map(len, pairs[i])))  # stable: equals stay shuffled
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    for g in torch.randperm(len(groups), generator=generator).tolist():
        yield [pairs[i] for i in groups[g]]


def train(model, facts, args):
    pairs, start, end = facts["train"], facts["startId"], facts["endId"]
    generator = torch.Generator().manual_seed(args.seed)
    total = args.passes * math.ceil(len(pairs) / args.batch_size)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}],
        lr=args.learning_rate, betas=(0.9, 0.98), eps=1e-8,
    )
    step, began = 0, time.time()
    for _ in range(args.passes):
        for batch in batches(pairs, args.batch_size, generator):
            rate = min((step + 1) / 201, 1.0)
            if step >= 200:
                progress = (step - 200) / (total - 200)
                rate = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))
            for group in optimizer.param_groups:
                group["lr"] = args.learning_rate * rate
            sources = [source for source, _ in batch]
            memory, hidden = model.encode(padded(sources, 0), torch.tensor([len(s) for s in sources]))
            tokens = padded([[start] + target for _, target in batch], 0)
            targets = padded([target + [end] for _, target in batch], -1)
            logits = model.decode(tokens, memory, hidden)
            loss = F.cross_entropy(
                logits.flatten(0, 1), targets.flatten(), ignore_index=-1, label_smoothing=0.1
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % 100 == 0:
                seconds = (time.time() - began) / step
                print(f"{step}/{total} {loss.item():.3f} {1000 * seconds:.0f} ms", file=sys.stderr)


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
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--passes", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with open(f"{args.run}/pairs.json") as file:
        facts = json.load(file)
    torch.manual_seed(args.seed)
    model = Translator(facts["vocabularySize"], facts["outputSize"])
    train(model, facts, args)
    model.eval()
    for source in facts["validation"]:
        print(" ".join(map(str, translate(model, source, facts["startId"], facts["endId"]))))


main()
