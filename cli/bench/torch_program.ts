/**
 * The bench's work in PyTorch on the CPU. It reads a JSON object a line: `{work, tensors, options}`, with
 * the tensors' bytes behind it, or `{training}` prepares a work, answered by whether there is such a one;
 * `{places}` does it once, answered by those elements of its results; `{runs}` does it some times, answered
 * by the milliseconds, and those of the processor.
 *
 * A work is a function that runs it, and one that gives its results by their names.
 */
export const TORCH_PROGRAM: string = `
import json
import math
import sys
import time

import torch
import torch.nn.functional as F

DTYPES = {"f32": torch.float32, "u32": torch.int32, "i32": torch.int32}


def matmul(t, o):
    a, b, y = t["a"], t["b"], t["y"]
    run = {
        "NN": lambda: torch.matmul(a, b, out=y),
        "NT": lambda: torch.matmul(a, b.T, out=y),
        "TN": lambda: y.addmm_(a.T, b),
    }[o["layout"]]
    return run, lambda: {"y": y}


def forward_only(name, compute):
    found = {}

    def run():
        found[name] = compute()

    return run, lambda: found


def gradient(forward, dy, leaves):
    """Adds to the gradients of leaves; named as the op names them."""
    y = forward()
    run = lambda: y.backward(dy, retain_graph=True)
    return run, lambda: {name: leaf.grad for name, leaf in leaves.items()}


def leaf(value, grad=None):
    made = value.clone().requires_grad_()
    if grad is not None:
        made.grad = grad.clone()
    return made


def attention(direction, t, o):
    qkv, heads = t["qkv"], o["heads"]
    B, T, C = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
    hidden = torch.ones(T, T, dtype=torch.bool).triu(1)
    if direction == "backward":
        qkv = leaf(qkv)

    def forward():
        q, k, v = (part.view(B, T, heads, C // heads).transpose(1, 2) for part in qkv.split(C, dim=2))
        scores = (q @ k.transpose(-2, -1)) * (C // heads) ** -0.5
        y = scores.masked_fill(hidden, float("-inf")).softmax(-1) @ v
        return y.transpose(1, 2).reshape(B, T, C)

    if direction == "backward":
        return gradient(forward, t["dy"], {"dqkv": qkv})
    return forward_only("y", forward)


def layernorm_forward(t, o):
    x, gain, bias = t["x"], t["gain"], t["bias"]
    return forward_only("y", lambda: F.layer_norm(x, gain.shape, gain, bias))


def layernorm_backward(t, o):
    x, gain = leaf(t["x"], t["dx"]), leaf(t["gain"], t["dgain"])
    bias = leaf(torch.zeros_like(t["gain"]), t["dbias"])
    forward = lambda: F.layer_norm(x, gain.shape, gain, bias)
    return gradient(forward, t["dy"], {"dx": x, "dgain": gain, "dbias": bias})


def gelu_forward(t, o):
    return forward_only("y", lambda: F.gelu(t["x"], approximate="tanh"))


def gelu_backward(t, o):
    x = leaf(t["x"])
    return gradient(lambda: F.gelu(x, approximate="tanh"), t["dy"], {"dx": x})


def cross_entropy_forward(t, o):
    logits, targets = t["logits"], t["targets"].long()
    loss = lambda: F.cross_entropy(logits, targets, reduction="none", ignore_index=-1)
    return forward_only("losses", loss)


def cross_entropy_backward(t, o):
    logits, targets = leaf(t["logits"]), t["targets"].long()

    def run():
        logits.grad = None
        loss = F.cross_entropy(logits, targets, reduction="sum", ignore_index=-1)
        (loss * t["scale"][0]).backward()

    return run, lambda: {"logits": logits.grad}


def embedding_forward(t, o):
    wte, wpe, tokens = t["wte"], t["wpe"], t["tokens"].long()
    return forward_only("x", lambda: wte[tokens] + wpe)


def embedding_backward(t, o):
    tokens = t["tokens"].long()
    wte, wpe = (leaf(torch.zeros_like(t[name]), t[name]) for name in ("dwte", "dwpe"))
    return gradient(lambda: wte[tokens] + wpe, t["dx"], {"dwte": wte, "dwpe": wpe})


def in_place(name, change):
    def work(t, o):
        return lambda: change(t, o), lambda: {name: t[name]}

    return work


def gradient_norm(t, o):
    def compute():
        norm = t["gradient"].norm()
        return torch.stack([norm, (o["clip"] / norm).clamp(max=1)])

    return forward_only("norm", compute)


def adamw(t, o):
    border = o["decayed"]
    rate, correction = float(t["schedule"][0]), float(t["schedule"][1])
    steps = round(math.log(1 - 1 / correction) / math.log(o["beta1"]))
    names = ("parameters", "gradients", "m", "v")
    parts = [[t[name][part] for name in names] for part in (slice(0, border), slice(border, None))]
    leaves = [leaf(p, g * t["norm"][1]) for p, g, _, _ in parts]
    optimizer = torch.optim.AdamW(
        [{"params": [p], "weight_decay": d} for p, d in zip(leaves, (o["weightDecay"], 0))],
        lr=rate, betas=(o["beta1"], o["beta2"]), eps=o["epsilon"],
    )
    for p, (_, _, m, v) in zip(leaves, parts):
        state = {"step": torch.tensor(float(steps - 1)), "exp_avg": m, "exp_avg_sq": v}
        optimizer.state[p] = state
    result = lambda: {"parameters": torch.cat(leaves), "m": t["m"], "v": t["v"]}
    return optimizer.step, result


WORKS = {
    "attention forward": lambda t, o: attention("forward", t, o),
    "attention backward": lambda t, o: attention("backward", t, o),
    "layernorm forward": layernorm_forward,
    "layernorm backward": layernorm_backward,
    "gelu forward": gelu_forward,
    "gelu backward": gelu_backward,
    "cross-entropy forward": cross_entropy_forward,
    "cross-entropy backward": cross_entropy_backward,
    "embedding forward": embedding_forward,
    "embedding backward": embedding_backward,
    "residual": in_place("y", lambda t, o: torch.add(t["a"], t["b"], out=t["y"])),
    "copy": in_place("y", lambda t, o: t["y"].copy_(t["x"])),
    "bias gradient": in_place("dbias", lambda t, o: t["dbias"].add_(t["dy"].sum(0))),
    "gradient norm": gradient_norm,
    "scale": in_place("x", lambda t, o: t["x"].mul_(o["factor"])),
    "fill": in_place("x", lambda t, o: t["x"].fill_(o["value"])),
    "adamw": adamw,
}


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


def read_tensors(specs):
    tensors = {}
    for spec in specs:
        data = bytearray(sys.stdin.buffer.read(4 * math.prod(spec["shape"])))
        tensors[spec["name"]] = torch.frombuffer(data, dtype=DTYPES[spec["dtype"]]).view(spec["shape"])
    return tensors


def answer(value):
    print(json.dumps(value), flush=True)


torch.manual_seed(1337)
answer({"version": torch.__version__})
run = results = None
while line := sys.stdin.buffer.readline():
    asked = json.loads(line)
    if "work" in asked:
        tensors, work = read_tensors(asked["tensors"]), asked["work"]
        prepare = matmul if work.startswith("matmul ") else WORKS.get(work)
        run, results = prepare(tensors, asked["options"]) if prepare else (None, None)
        answer({"ready": run is not None})
    elif "training" in asked:
        run = training_step(asked["training"])
        answer({"ready": True})
    elif "places" in asked:
        run()
        found = {name: value.detach().flatten() for name, value in results().items()}
        names = [name for name in asked["places"] if name in found]
        answer({name: found[name][asked["places"][name]].tolist() for name in names})
    else:
        start, used = time.perf_counter(), time.process_time()
        for _ in range(asked["runs"]):
            run()
        ms, cpu_ms = 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - used)
        answer({"ms": ms, "cpuMs": cpu_ms})
`;
