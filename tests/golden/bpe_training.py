"""Writes bpe_training.json: what Hugging Face's trainer learns, for tests/data/tokenizers/training.

    pip install tokenizers==0.23.2
    python3 tests/golden/bpe_training.py ../shared/data PATTERNS.json > tests/golden/bpe_training.json

PATTERNS.json holds the table PATTERNS of data/tokenizers/patterns.ts.
"""

import gzip
import json
import sys

from tokenizers import Regex, Tokenizer, pre_tokenizers, trainers
from tokenizers.models import BPE

CHARACTERS = 200_000


def merges_of(texts, pattern, vocabulary_size, special_tokens, min_frequency):
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        min_frequency=min_frequency,
        special_tokens=special_tokens,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return {
        "merges": [" ".join(pair) for pair in model["merges"]],
        "lastIds": sorted(model["vocab"].values())[-1],
        "firstToken": min(model["vocab"], key=model["vocab"].get),
    }


def main():
    folder, patterns_path = sys.argv[1:]
    with open(patterns_path, encoding="utf-8") as file:
        patterns = json.load(file)
    with open(f"{folder}/tinyshakespeare.txt", encoding="utf-8", newline="") as file:
        english = file.read(CHARACTERS)
    with gzip.open(f"{folder}/tatoeba-eng-cmn/cmn.txt.gz", "rt", encoding="utf-8", newline="") as file:
        mixed = file.read()[-CHARACTERS:]
    golden = {
        name: merges_of([english, mixed], pattern, 900, ["<|endoftext|>", "ab"], 0)
        for name, pattern in patterns.items()
    }
    small = ["zy ba dc ab"] * 3
    golden["ties"] = merges_of(small, patterns["gpt2"], 300, ["<|endoftext|>"], 3)
    runs = ["a" * n + " " + "ab" * n for n in range(1, 40)] + ["aaab aaabaaab \U0001F600\U0001F600"]
    golden["runs"] = merges_of(runs, patterns["gpt2"], 330, [], 2)
    json.dump(golden, sys.stdout, ensure_ascii=False, separators=(",", ":"))


main()
