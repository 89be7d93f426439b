/**
 * The bench's work in PyTorch on the CPU. It reads a JSON object a line: `{work, sizes}` prepares a
 * work, answered by whether there is such a one; `{runs}` does it, answered by the milliseconds, and those of the processor.
 */
export const TORCH_PROGRAM: string = `
import json
import sys
import time

import torch
import torch.nn.functional as F


def matmul(layer, direction, z):
    M, C, V = z["B"] * z["T"], z["C"], z["V"]
    if layer == "head":
        M, K, N = min(M, 64), C, min(V, 2**27 // 4 // C // 64 * 64)
    else:
        K, N = {"qkv": (C, 3 * C), "projection": (C, C), "up": (C, 4 * C), "down": (4 * C, C)}[layer]
    x, w, dy = torch.randn(M, K), torch.randn(K, N), torch.randn(M, N)
    if layer == "head":
        w = torch.randn(N, K).T
    y, dx, dw = torch.empty(M, N), torch.empty(M, K), torch.zeros_like(w)
    return {
        "forward": lambda: torch.matmul(x, w, out=y),
        "dx": lambda: torch.matmul(dy, w.T, out=dx),
        "dw": lambda: dw.addmm_(x.T, dy),
    }[direction]


def attention(direction, z):
    B, T, C, heads = z["B"], z["T"], z["C"], z["heads"]
    hidden = torch.ones(T, T, dtype=torch.bool).triu(1)
    backward = direction == "backward"
    qkv = torch.randn(B, T, 3 * C, requires_grad=backward)
    dy = torch.randn(B, T, C)

    def forward():
        q, k, v = (part.view(B, T, heads, C // heads).transpose(1, 2) for part in qkv.split(C, dim=2))
        scores = (q @ k.transpose(-2, -1)) * (C // heads) ** -0.5
        y = scores.masked_fill(hidden, float("-inf")).softmax(-1) @ v
        return y.transpose(1, 2).reshape(B, T, C)

    return gradient(forward, dy) if backward else forward


def gradient(forward, dy):
    y = forward()
    return lambda: y.backward(dy, retain_graph=True)


def rowwise(name, direction, z):
    N, C, V = z["B"] * z["T"], z["C"], z["V"]
    backward = direction == "backward"
    if name == "layernorm":
        x = torch.randn(N, C, requires_grad=backward)
        gain = torch.randn(C, requires_grad=backward)
        bias = torch.randn(C, requires_grad=backward)
        forward = lambda: F.layer_norm(x, (C,), gain, bias)
    elif name == "gelu":
        x = torch.randn(N, 4 * C, requires_grad=backward)
        forward = lambda: F.gelu(x, approximate="tanh")
    elif name == "cross-entropy":
        x = torch.randn(min(N, 64), V, requires_grad=backward)
        targets = torch.randint(V, (min(N, 64),))
        if backward:
            return lambda: F.cross_entropy(x, targets).backward()
        forward = lambda: F.cross_entropy(x, targets, reduction="none")
    elif name == "embedding":
        wte = torch.randn(V, C, requires_grad=backward)
        wpe = torch.randn(z["T"], C, requires_grad=backward)
        tokens = torch.randint(V, (z["B"], z["T"]))
        forward = lambda: wte[tokens] + wpe
    else:
        return None
    return gradient(forward, torch.randn_like(forward())) if backward else forward


def elementwise(name, z):
    N, C = z["B"] * z["T"], z["C"]
    a, b, y = torch.randn(N * C), torch.randn(N * C), torch.empty(N * C)
    dy = torch.randn(N, 4 * C)
    return {
        "residual": lambda: torch.add(a, b, out=y),
        "copy": lambda: y.copy_(a),
        "bias gradient": lambda: dy.sum(0),
    }.get(name)


def parameters(name, z):
    p = torch.randn(12 * z["C"] ** 2)
    p.grad = torch.randn_like(p)
    if name == "gradient norm":
        return lambda: p.grad.norm()
    if name == "scale":
        return lambda: p.mul_(1.0001)
    if name == "fill":
        return lambda: p.zero_()
    if name == "adamw":
        optimizer = torch.optim.AdamW([p], lr=1e-3, betas=(0.9, 0.999), weight_decay=0.1)
        return optimizer.step
    return None


class Norm(torch.nn.Module):
    def __init__(self, C):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(C))

    def forward(self, x):
        return F.layer_norm(x, self.gain.shape, self.gain)


class Block(torch.nn.Module):
    def __init__(self, C, heads, T):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = Norm(C), Norm(C)
        self.qkv = torch.nn.Linear(C, 3 * C, bias=False)
        self.projection = torch.nn.Linear(C, C, bias=False)
        self.up = torch.nn.Linear(C, 4 * C, bias=False)
        self.down = torch.nn.Linear(4 * C, C, bias=False)
        self.register_buffer("hidden", torch.ones(T, T, dtype=torch.bool).triu(1))

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, self.heads, C // self.heads).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).split(C, dim=2)
        )
        scores = (q @ k.transpose(-2, -1)) * (C // self.heads) ** -0.5
        y = scores.masked_fill(self.hidden, float("-inf")).softmax(-1) @ v
        x = x + self.projection(y.transpose(1, 2).reshape(B, T, C))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(torch.nn.Module):
    def __init__(self, z):
        super().__init__()
        self.wte = torch.nn.Embedding(z["V"], z["C"])
        self.wpe = torch.nn.Embedding(z["T"], z["C"])
        self.blocks = torch.nn.ModuleList(
            Block(z["C"], z["heads"], z["T"]) for _ in range(z["layers"])
        )
        self.norm = Norm(z["C"])

    def forward(self, tokens, targets):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        logits = self.norm(x) @ self.wte.weight.T
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def training_step(z):
    model = Gpt(z)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    tokens, targets = (torch.randint(z["V"], (z["B"], z["T"])) for _ in range(2))

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = model(tokens, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def prepare(work, z):
    if work == "training step":
        return training_step(z)
    words = work.split(" ")
    if words[0] == "matmul":
        return matmul(words[1], words[2], z)
    if words[0] == "attention":
        return attention(words[1], z)
    if len(words) == 2 and words[1] in ("forward", "backward"):
        return rowwise(words[0], words[1], z)
    return elementwise(work, z) or parameters(work, z)


torch.manual_seed(1337)
print(json.dumps({"version": torch.__version__}), flush=True)
run = None
for line in sys.stdin:
    asked = json.loads(line)
    if "work" in asked:
        run = prepare(asked["work"], asked["sizes"])
        print(json.dumps({"ready": run is not None}), flush=True)
    else:
        start, used = time.perf_counter(), time.process_time()
        for _ in range(asked["runs"]):
            run()
        ms, cpu_ms = 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - used)
        print(json.dumps({"ms": ms, "cpuMs": cpu_ms}), flush=True)
`;
