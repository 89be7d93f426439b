"""Makes metrics.json: what reference tools say of made-up outputs.

    apt-get install python3-nltk python3-sklearn
    /usr/bin/python3 tests/golden/metrics.py

- BLEU: NLTK's corpus_bleu with its smoothing method 3, which is sacreBLEU's `exp`, over words cut
  here after the rules that mteval-v13a.pl and sacreBLEU publish.
- chrF: the formula of Popović 2015 with sacreBLEU's choice of orders, in exact fractions.
- classes, several labels a text: scikit-learn.
- entities: a state machine of conlleval's published rules (default) and of IOB2 (strict), apart from
  the code under test: it marks borders between words instead of growing entities.
- bootstrap: nothing; the draws are our own.
"""

import json
import random
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

random.seed(7)

ENGLISH = [
    ["The mill grinds 1,000 kg of corn, twice a day.", "The mill mills 1,000 kg of corn each day."],
    ['"Stop!" said the miller; nobody stopped (yet).', "“Stop!” the miller said, but nobody did."],
    ["It costs $3.50-4.00 at the 24-hour shop.", "It is 3.50 to 4.00 dollars in the shop."],
    ["A &lt;b&gt; tag &amp; a &quot;quote&quot;.", "A <b> tag & a \"quote\"."],
    ["", "Nothing was said."],
    ["the the the the", "the cat"],
    ["He left at 5. She came at 6, they say.  ", "He left at five. She came at six."],
]
CHINESE = [
    ["他每天去磨坊。", "他天天去磨坊。"],
    ["价格是3.5元，不是 GPT-2 的“价格”。", "价格是3.5元——而不是“GPT-2”的价格。"],
    ["我们来试试吧！", "我们试试看！"],
    ["𠀀字很少见", "𠀀字不常见"],
    ["她说：“好的……”", "她说“好”。"],
]


def western(line):
    line = re.sub(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])", r" \1 ", line)
    line = re.sub(r"([^0-9])([\.,])", r"\1 \2 ", line)
    line = re.sub(r"([\.,])([^0-9])", r" \1 \2", line)
    return re.sub(r"([0-9])(-)", r"\1 \2 ", line).split()


def words_13a(text):
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for name, sign in [("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")]:
        text = text.replace(name, sign)
    return western(f" {text} ")


def is_chinese(c):
    # As strings, so that the ranges that sacreBLEU writes with five digits mean what they mean there.
    ranges = """3400-4db5 4e00-9fa5 9fa6-9fbb f900-fa2d fa30-fa6a fa70-fad9 ff00-ffef 2e80-2eff
        3000-303f 31c0-31ef 2f00-2fdf 2ff0-2fff 3100-312f 31a0-31bf fe10-fe1f fe30-fe4f 2600-26ff
        2700-27bf 3200-32ff 3300-33ff""".split()
    pairs = [tuple(chr(int(h, 16)) for h in r.split("-")) for r in ranges]
    pairs += [("\u2000" + "0", "\u2a6d" + "6"), ("\u2f80" + "0", "\u2fa1" + "d")]
    return any(first <= c <= last for first, last in pairs)


def words_zh(text):
    return western("".join(f" {c} " if is_chinese(c) else c for c in text.strip()))


def words_char(text):
    return " ".join(text.rstrip()).split()


WORDS = {"13a": words_13a, "zh": words_zh, "char": words_char}


def long_enough(pairs, tokenizer):
    """NLTK counts a run for a segment that has none, sacreBLEU does not: leave such segments out."""
    return [pair for pair in pairs if len(WORDS[tokenizer](pair[0])) >= 4]


def bleu(pairs, tokenizer):
    cut = WORDS[tokenizer]
    score = corpus_bleu(
        [[cut(reference)] for _, reference in pairs],
        [cut(prediction) for prediction, _ in pairs],
        smoothing_function=SmoothingFunction().method3,
    )
    return 100 * score


def chrf(pairs, beta=2, order=6):
    sums = [[0, 0, 0] for _ in range(order)]
    for prediction, reference in pairs:
        a, b = ("".join(text.split()) for text in (prediction, reference))
        for n in range(order):
            found, wanted = (Counter(t[i : i + n + 1] for i in range(len(t) - n)) for t in (a, b))
            sums[n][0] += sum(found.values()) if wanted else 0
            sums[n][1] += sum(wanted.values())
            sums[n][2] += sum((found & wanted).values())
    used = [(Fraction(m, f), Fraction(m, w)) for f, w, m in sums if f and w]
    p, r = (sum(side) / len(used) for side in zip(*used))
    return float(100 * (1 + beta**2) * p * r / (beta**2 * p + r))


def entities(tags, strict):
    """Borders first: which words begin an entity and which go on with one."""
    found, start = set(), None
    for i, tag in enumerate(tags + ["O"]):
        prefix, kind = tag[0], tag[2:]
        before, kind_before = (tags[i - 1][0], tags[i - 1][2:]) if i else ("O", "")
        joined = prefix == "I" and before in "BI" and kind == kind_before
        if strict and joined and start is None:
            joined = False
        if not joined and start is not None:
            found.add((kind_before, start, i))
            start = None
        if prefix == "B" or (prefix == "I" and not joined and not strict):
            start = i
    return found


def prf(right, predicted, support):
    p = right / predicted if predicted else 0.0
    r = right / support if support else 0.0
    return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r) if p + r else 0.0, "support": support}


def score_entities(references, predictions, strict):
    wanted = {(i, *e) for i, tags in enumerate(references) for e in entities(tags, strict)}
    found = {(i, *e) for i, tags in enumerate(predictions) for e in entities(tags, strict)}
    types = sorted({e[1] for e in wanted | found})
    each = {}
    for kind in types:
        w, f = ({e for e in side if e[1] == kind} for side in (wanted, found))
        each[kind] = prf(len(w & f), len(f), len(w))
    return {"micro": prf(len(wanted & found), len(found), len(wanted)), "types": each}


def random_tags():
    kinds = ["PER", "LOC", "ORG"]
    reference, prediction = [], []
    for _ in range(random.randint(0, 12)):
        last = reference[-1] if reference else "O"
        go_on = last != "O" and random.random() < 0.5
        tag = "I" + last[1:] if go_on else random.choice(["O", "B-" + random.choice(kinds)])
        reference.append(tag)
        any_tag = random.choice(["O"] + [f"{p}-{k}" for p in "BI" for k in kinds])
        prediction.append(tag if random.random() < 0.7 else any_tag)
    return reference, prediction


def classes():
    names = ["card", "cash", "loan", "pin", "rare"]
    reference = [random.choice(names[:4]) for _ in range(200)]
    prediction = [r if random.random() < 0.7 else random.choice(names) for r in reference]
    present = sorted(set(reference + prediction))
    p, r, f, s = precision_recall_fscore_support(reference, prediction, labels=present, zero_division=0)
    return {
        "references": reference,
        "predictions": prediction,
        "accuracy": accuracy_score(reference, prediction),
        "classes": {
            name: {"precision": p[i], "recall": r[i], "f1": f[i], "support": int(s[i])}
            for i, name in enumerate(present)
        },
        "macroF1": sum(f) / len(f),
        "confusion": confusion_matrix(reference, prediction, labels=present).tolist(),
    }


def several():
    names = ["a", "b", "c", "d"]
    sets = [[[n for n in names if random.random() < 0.4] for _ in range(80)] for _ in range(2)]
    for i in range(0, 80, 3):
        sets[1][i] = sets[0][i]
    matrix = [[[int(n in labels) for n in names] for labels in side] for side in sets]
    result = {"references": sets[0], "predictions": sets[1], "exactMatch": accuracy_score(*matrix)}
    for average in ["micro", "macro"]:
        p, r, f, _ = precision_recall_fscore_support(*matrix, average=average, zero_division=0)
        result[average] = {"precision": p, "recall": r, "f1": f}
    return result


tagged = [random_tags() for _ in range(60)]
references, predictions = [list(side) for side in zip(*tagged)]
golden = {
    "bleu": [
        {
            "tokenizer": tokenizer,
            "pairs": pairs,
            "words": [[WORDS[tokenizer](text) for text in pair] for pair in pairs],
            "score": bleu(long_enough(pairs, tokenizer), tokenizer),
        }
        for tokenizer, pairs in [("13a", ENGLISH), ("char", ENGLISH), ("zh", CHINESE), ("char", CHINESE)]
    ],
    "chrf": [{"pairs": pairs, "score": chrf(pairs)} for pairs in (ENGLISH, CHINESE)],
    "classes": classes(),
    "several": several(),
    "entities": {
        "references": references,
        "predictions": predictions,
        "strict": score_entities(references, predictions, True),
        "default": score_entities(references, predictions, False),
    },
}
text = json.dumps(golden, ensure_ascii=False, indent=None, separators=(",", ":"))
Path(__file__).with_name("metrics.json").write_text(text + "\n")
