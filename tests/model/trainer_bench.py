"""The training step of tests/model/trainer_bench.ts in PyTorch on the CPU: reads a number of steps a
line, answers with the milliseconds they took."""
import sys
import time

import torch
import torch.nn.functional as F

B, T, C, NH, L, V = 12, 64, 128, 4, 4, 65
HIDDEN = torch.ones(T, T, dtype=torch.bool).triu(1)
torch.manual_seed(1337)


class Norm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(C))

    def forward(self, x):
        return F.layer_norm(x, (C,), self.gain)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = Norm()
        self.qkv = torch.nn.Linear(C, 3 * C, bias=False)
        self.projection = torch.nn.Linear(C, C, bias=False)
        self.norm2 = Norm()
        self.up = torch.nn.Linear(C, 4 * C, bias=False)
        self.down = torch.nn.Linear(4 * C, C, bias=False)

    def forward(self, x):
        q, k, v = (
            part.view(B, T, NH, C // NH).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).split(C, dim=2)
        )
        scores = (q @ k.transpose(-2, -1)) * (C // NH) ** -0.5
        y = scores.masked_fill(HIDDEN, float("-inf")).softmax(-1) @ v
        x = x + self.projection(y.transpose(1, 2).reshape(B, T, C))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = torch.nn.Embedding(V, C)
        self.wpe = torch.nn.Embedding(T, C)
        self.blocks = torch.nn.ModuleList(Block() for _ in range(L))
        self.norm = Norm()

    def forward(self, tokens, targets):
        x = self.wte(tokens) + self.wpe(torch.arange(T))
        for block in self.blocks:
            x = block(x)
        logits = self.norm(x) @ self.wte.weight.T
        return F.cross_entropy(logits.view(-1, V), targets.view(-1))


model = Gpt()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
tokens = torch.randint(V, (B, T))
targets = torch.randint(V, (B, T))


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = model(tokens, targets)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


print("ready", torch.__version__, flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(int(line)):
        step()
    print((time.perf_counter() - start) * 1000, flush=True)
