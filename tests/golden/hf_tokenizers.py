"""What Hugging Face's tokenizers 0.23.2 makes of small tokenizer.json files.

    pip install tokenizers==0.23.2 && python tests/golden/hf_tokenizers.py

Writes hf_tokenizers.json beside this file: for each part (normalizer, pre-tokenizer, decoder) its
output, for each whole tokenizer the ids with and without special tokens and the decoded text.
"""

import base64
import json
import pathlib
import struct

from tokenizers import Tokenizer

TEXTS = [
    "",
    "Hello, world! How's it going?",
    "  two  spaces,\ttabs\n\nlines \r\n ",
    "Ünïcödé Ångström e\u0301 \ufb01ne ﬁ ½ Ⅷ ２０",
    "ΟΔΥΣΣΕΥΣ ΣΑΣ İstanbul ẞ",
    "春眠不觉晓，处处闻啼鸟。カタカナひらがなーです",
    "😀👩\u200d👩\u200d👧 🇩🇪 emoji",
    "a1b22c333 3.14 x_y-z (foo) [bar] $5+3=8 `~^|<>",
    "un unaffable ununable unknown abc",
    "\u0000ctl\u0007\u00ad\u200b\ufeff\u0085\u2028end\ufffd",
    "हिन्दी ไทย שלום العربية ٣٤",
    "low lower lowest newest widest",
    "<s> [MASK] x[MASK]y  [MASK]  mask masked <T>hi</T>",
    "▁already▁ there ▁",
]


def charsmap():
    """A table of SentencePiece's kind: A becomes a, the ligature fi becomes two letters."""
    entries = {"A": "a", "B": "bb", "\ufb01": "fi", "\u00c5": "A\u030a", "e\u0301": "\u00e9"}
    texts, starts = b"", {}
    for key, value in entries.items():
        starts[key.encode()] = len(texts)
        texts += value.encode() + b"\0"
    # A double array with room: the children of each node stand in a block of 256 of their own.
    trie = {}
    for key in starts:
        for end in range(1, len(key) + 1):
            trie.setdefault(key[: end - 1], set()).add(key[end - 1])
    units = [0] * 256
    def place(prefix, at):
        children = trie.get(prefix, set())
        base = len(units)
        units.extend([0] * 512)
        base = (base + 255) // 256 * 256
        offset = at ^ base
        assert offset < 1 << 21
        leaf = prefix in starts
        units[at] |= offset << 10 | (1 << 8 if leaf else 0)
        if leaf:
            units[base] = starts[prefix] | 1 << 31
        for child in children:
            units[base ^ child] |= child
            place(prefix + bytes([child]), base ^ child)
    place(b"", 0)
    raw = struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + texts
    return base64.b64encode(raw).decode()


NORMALIZERS = [
    *[{"type": name} for name in "NFC NFD NFKC NFKD Lowercase Nmt StripAccents ByteLevel".split()],
    {"type": "Strip", "strip_left": True, "strip_right": False},
    {"type": "Strip", "strip_left": False, "strip_right": True},
    {"type": "Replace", "pattern": {"String": "o"}, "content": "$0"},
    {"type": "Replace", "pattern": {"Regex": "\\s{2,}|\\d"}, "content": "▁"},
    {"type": "Prepend", "prepend": "▁"},
    {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
     "strip_accents": None, "lowercase": True},
    {"type": "BertNormalizer", "clean_text": False, "handle_chinese_chars": False,
     "strip_accents": True, "lowercase": False},
    {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": False,
     "strip_accents": False, "lowercase": True},
    {"type": "Precompiled", "precompiled_charsmap": charsmap()},
    {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]},
]

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


def split(pattern, behavior, invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
PRE_TOKENIZERS = [
    *[{"type": name} for name in "BertPreTokenizer Whitespace WhitespaceSplit".split()],
    BYTE_LEVEL,
    {**BYTE_LEVEL, "add_prefix_space": True},
    {**BYTE_LEVEL, "add_prefix_space": True, "use_regex": False},
    {"type": "CharDelimiterSplit", "delimiter": "_"},
    {"type": "Digits", "individual_digits": True},
    {"type": "Digits", "individual_digits": False},
    {"type": "FixedLength", "length": 3},
    *[{"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut}
      for scheme in ["always", "first", "never"] for cut in [True, False]],
    *[{"type": "Punctuation", "behavior": behavior} for behavior in BEHAVIORS],
    *[split({"String": "l"}, behavior, invert) for behavior in BEHAVIORS for invert in [False, True]],
    *[split({"Regex": "[aeiou]+|\\s+"}, behavior, invert)
      for behavior in BEHAVIORS for invert in [False, True]],
    split({"Regex": "\\d{1,3}(?=(?:\\d{3})*\\b)|\\w|$"}, "Isolated"),
    {"type": "Sequence", "pretokenizers": [
        {"type": "WhitespaceSplit"}, {"type": "Digits", "individual_digits": True},
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}]},
]

TOKENS = [
    [],
    ["▁Hello", "▁wor", "ld", "!", "▁"],
    ["un", "##aff", "##able", "do", "not", ".", "it", "'", "s", "n't", "##"],
    ["low</w>", "er", "</w>", "x</w>"],
    ["<0xE6>", "<0x98>", "<0xA5>", "a", "<0xE6>", "<0x98>", "b", "<0x41>", "<0x42>"],
    ["h", "h", "<pad>", "h", "|", "|", "e", "<pad>", "e", "<pad>"],
    ["Ġhello", "Ġw", "Ã©", "Ãł", "é字", "Ċ"],
    ["  a  ", " b", "c ", "   "],
]
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
DECODERS = [
    {"type": "BPEDecoder", "suffix": "</w>"},
    {"type": "ByteFallback"},
    BYTE_LEVEL,
    {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": True},
    {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": False},
    {"type": "Fuse"},
    METASPACE,
    {**METASPACE, "prepend_scheme": "never"},
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    {"type": "Strip", "content": " ", "start": 2, "stop": 1},
    {"type": "WordPiece", "prefix": "##", "cleanup": True},
    {"type": "WordPiece", "prefix": "##", "cleanup": False},
    {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
]


def added(id, content, **flags):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True, **flags}


LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "##un", "low", "##er",
         "##est", "hello", "world", "how", "is", "it", "new", "##known", ",", "!", "?", "'", "s"]
BERT_VOCAB = {token: id for id, token in enumerate(
    WORDS + [f"##{letter}" for letter in "aeiou"] + list("aeiou"))}
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                       "[SEP]": {"id": "[SEP]", "ids": [3, 3], "tokens": ["[SEP]", "[SEP]"]}},
}


def bpe(symbols, merges, **options):
    vocab = {}
    for token in symbols:
        vocab.setdefault(token, len(vocab))
    prefix = options.get("continuing_subword_prefix") or ""
    for left, right in merges:
        vocab.setdefault(left + right[len(prefix):], len(vocab))
    return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": False, "vocab": vocab, "merges": merges, **options}


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
LLAMA_MERGES = [["▁", "l"], ["o", "w"], ["▁l", "ow"], ["e", "r"], ["e", "s"], ["es", "t"], ["▁", "▁"], ["n", "e"],
                ["▁▁", "▁▁"], ["ne", "w"]]
LLAMA = {
    "added_tokens": [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>")],
    "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
    "post_processor": {**TEMPLATE, "special_tokens": {
        "[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["<s>"]},
        "[SEP]": {"id": "[SEP]", "ids": [], "tokens": []}}},
    "decoder": DECODERS[-1],
    "model": bpe(["<unk>", "<s>", "</s>", *BYTES, "▁", *LETTERS, *"HTM123", "字"], LLAMA_MERGES,
                 unk_token="<unk>", fuse_unk=True, byte_fallback=True),
}
SUFFIX_MERGES = [["l", "o"], ["w", "e"], ["lo", "w</w>"], ["lo", "we"], ["e", "r</w>"], ["s", "t</w>"], ["e", "st</w>"]]
PREFIX_MERGES = [["l", "##o"], ["lo", "##w"], ["##e", "##r"], ["low", "##er"], ["##s", "##t"]]
UNIGRAM = [["<unk>", 0.0], ["▁", -2.0], ["▁low", -3.5], ["er", -3.0], ["est", -3.2], ["▁new", -4.0],
           ["▁un", -3.7], ["able", -4.1], ["un", -3.9], ["▁h", -4.4], ["ell", -5.0], ["o", -3.3],
           ["字", -6.0], ["春眠", -7.0], *[[letter, -6.0 - i / 10] for i, letter in enumerate(LETTERS)]]
TOKENIZERS = [
    {"name": "WordPiece as in BERT", "normalizer": NORMALIZERS[-5], "pre_tokenizer": {"type": "BertPreTokenizer"},
     "added_tokens": [added(id, token) for id, token in enumerate(WORDS[:5])],
     "post_processor": TEMPLATE, "decoder": DECODERS[-3],
     "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
               "max_input_chars_per_word": 100, "vocab": BERT_VOCAB}},
    {"name": "WordPiece with short words", "pre_tokenizer": {"type": "Whitespace"},
     "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
     "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
               "max_input_chars_per_word": 6, "vocab": BERT_VOCAB}},
    {"name": "WordLevel", "pre_tokenizer": {"type": "Whitespace"}, "normalizer": {"type": "Lowercase"},
     "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": BERT_VOCAB}},
    {"name": "BPE as in Llama-2", **LLAMA},
    {"name": "BPE with unknown characters side by side", **LLAMA,
     "model": {**LLAMA["model"], "byte_fallback": False, "fuse_unk": False}},
    {"name": "BPE with fused unknown characters", **LLAMA, "model": {**LLAMA["model"], "byte_fallback": False}},
    {"name": "BPE with a suffix", "pre_tokenizer": {"type": "WhitespaceSplit"}, "decoder": DECODERS[0],
     "model": bpe(["<unk>", *LETTERS, *[f"{letter}</w>" for letter in LETTERS]], SUFFIX_MERGES,
                  unk_token="<unk>", end_of_word_suffix="</w>")},
    {"name": "BPE with a prefix", "pre_tokenizer": {"type": "Whitespace"}, "decoder": DECODERS[-3],
     "model": bpe(["<unk>", *LETTERS, *[f"##{letter}" for letter in LETTERS]], PREFIX_MERGES,
                  unk_token="<unk>", continuing_subword_prefix="##")},
    {"name": "Unigram", "pre_tokenizer": METASPACE, "decoder": METASPACE,
     "added_tokens": [added(0, "<unk>"), added(40, "[MASK]", lstrip=True)],
     "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": False, "vocab": UNIGRAM}},
    {"name": "Unigram that falls back to bytes", "pre_tokenizer": METASPACE, "decoder": DECODERS[-1],
     "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": True,
               "vocab": UNIGRAM + [[byte, -20.0] for byte in BYTES]}},
    *[{"name": f"added tokens: {flags}", "pre_tokenizer": {"type": "Whitespace"},
       "normalizer": {"type": "Lowercase"},
       "added_tokens": [added(4, "[MASK]", **flags), added(len(BERT_VOCAB), "mask", **flags),
                        added(len(BERT_VOCAB) + 1, "masked", **flags), added(len(BERT_VOCAB) + 2, "<T>", **flags)],
       "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": BERT_VOCAB}}
      for flags in [{}, {"single_word": True}, {"lstrip": True}, {"rstrip": True},
                    {"lstrip": True, "rstrip": True}, {"normalized": True, "special": False},
                    {"normalized": True, "special": False, "single_word": True, "lstrip": True}]],
    {"name": "byte-level with a space before", "pre_tokenizer": {**BYTE_LEVEL, "add_prefix_space": True},
     "decoder": BYTE_LEVEL, "added_tokens": [added(261, "<s>"), added(262, "</s>")],
     "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 262], "cls": ["<s>", 261],
                        "trim_offsets": True, "add_prefix_space": True}},
    {"name": "byte-level whose bytes are not all there", "pre_tokenizer": BYTE_LEVEL, "decoder": BYTE_LEVEL,
     "model": bpe(["<unk>", "Ġ", *LETTERS], [["Ġ", "l"], ["o", "w"], ["Ġl", "ow"]], unk_token="<unk>")},
    {"name": "byte-level with whole words first", "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        split({"Regex": "\\s?\\w+|."}, "Isolated"), {**BYTE_LEVEL, "use_regex": False}]},
     "decoder": BYTE_LEVEL, "ignore_merges": True},
]


def bytes_in_alphabet():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(rest)}


def whole(parts):
    """A whole tokenizer.json; byte-level models are filled in here."""
    parts = dict(parts)
    name = parts.pop("name")
    ignore = parts.pop("ignore_merges", False)
    if "model" not in parts:
        alphabet = [token for _, token in sorted(bytes_in_alphabet().items())]
        model = bpe(alphabet, [["Ġ", "l"], ["o", "w"], ["Ġl", "ow"], ["e", "r"]], ignore_merges=ignore)
        model["vocab"]["Ġlowest"] = len(model["vocab"])
        parts["model"] = model
    base = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": None, "post_processor": None, "decoder": None}
    return name, {**base, **parts}


def with_part(**part):
    model = {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0}}
    return Tokenizer.from_str(json.dumps(whole({"name": "", "model": model, **part})[1]))


def encoded(parts):
    name, content = whole(parts)
    tokenizer = Tokenizer.from_str(json.dumps(content))
    results = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        results.append({"ids": ids, "special": tokenizer.encode(text).ids,
                        "text": tokenizer.decode(ids, skip_special_tokens=False)})
    return {"name": name, "json": content, "results": results}


golden = {
    "texts": TEXTS,
    "tokens": TOKENS,
    "normalizers": [
        {"part": part, "results": [with_part(normalizer=part).normalizer.normalize_str(text) for text in TEXTS]}
        for part in NORMALIZERS],
    "preTokenizers": [
        {"part": part, "results": [
            [piece for piece, _ in with_part(pre_tokenizer=part).pre_tokenizer.pre_tokenize_str(text)]
            for text in TEXTS]}
        for part in PRE_TOKENIZERS + [{"type": "UnicodeScripts"}]],
    "decoders": [
        {"part": part, "results": [with_part(decoder=part).decoder.decode(tokens) for tokens in TOKENS]}
        for part in DECODERS],
    "tokenizers": [encoded(parts) for parts in TOKENIZERS],
}
path = pathlib.Path(__file__).with_name("hf_tokenizers.json")
path.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
