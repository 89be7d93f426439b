"""Writes minhash.json: MinHash signatures by datatrove's rule, computed with numpy and xxhash.

Run: apt-get install -y python3-numpy python3-xxhash && /usr/bin/python3 tests/golden/minhash.py
"""

import json
import pathlib
import random

import numpy as np
import xxhash

PRIME = np.uint64((1 << 61) - 1)
WORDS = "the of and to in a is that was for as on with by at from it an 0 über 北京 мир été ok".split()


def constants(count, seed):
    state = np.random.RandomState(seed)
    a = state.randint(1, PRIME, dtype=np.uint64, size=count)
    b = state.randint(0, PRIME, dtype=np.uint64, size=count)
    return a, b


def signature(words, shingle, a, b):
    shingles = [" ".join(words[i : i + shingle]) for i in range(len(words) - shingle + 1)]
    hashes = np.array([xxhash.xxh64_intdigest(s.encode()) for s in shingles], dtype=np.uint64)
    with np.errstate(over="ignore"):
        values = (hashes[:, None] * a[None, :] + b[None, :]) % PRIME
    return [str(v) for v in values.min(axis=0)]


def case(words, shingle=5, bands=14, rows=8, seed=1):
    options = {"shingleWords": shingle, "bands": bands, "rows": rows, "seed": seed}
    return {
        "words": words,
        "options": options,
        "signature": signature(words, shingle, *constants(bands * rows, seed)),
    }


def main():
    draw = random.Random(7)
    text = lambda n: [draw.choice(WORDS) + draw.choice(["", "s", "ing"]) for _ in range(n)]
    # Lengths around the shingle, the 32-byte stripe of the hash and the block of 2,048 shingles.
    cases = [case(text(n)) for n in (5, 6, 31, 300, 2100)]
    cases += [case(["x"] * 7), case(["w" * 40] * 5), case(text(20), 3, 5, 4, 42)]
    hashes = [bytes((7 * i + n) % 256 for i in range(n)) for n in [*range(71), 127, 128, 1000]]
    golden = {
        "cases": cases,
        "xxh64": [[data.hex(), f"{xxhash.xxh64_intdigest(data):016x}"] for data in hashes],
    }
    path = pathlib.Path(__file__).with_name("minhash.json")
    path.write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")


main()
