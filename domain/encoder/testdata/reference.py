"""Makes what the encoder is compared with: a small model of random weights and the vectors of some texts, by that model and by
all-MiniLM-L6-v2. Texts are split by Hugging Face's own tokenizer; the rest is written down from the definition of BERT, in
double precision and with the exact GELU.

    pip install numpy tokenizers
    python3 reference.py small                     # small/ and small.json
    python3 reference.py vectors DIR               # all-minilm-l6-v2.json, from the model in DIR
"""
import json
import math
import pathlib
import struct
import sys

import numpy as np
from tokenizers import BertWordPieceTokenizer

HERE = pathlib.Path(__file__).parent
TEXTS = [
    "what food must she avoid?",
    "Anna is allergic to peanuts.",
    "",
    "The CAT sat on the mat, didn't it?",
    "Größe naïve café e\u0301 Ωmega ЖЗИ",
    "日本語の文 and ひらがな 한국어",
    "3.14% of $1,000 — “quotes” … @user #tag a_b\u200bc\x00d",
    "on " * 300 + "the mat",
    "Supercalifragilisticexpialidocious" * 4,
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def small():
    """Writes a model whose vocabulary is letters, a few words and parts of words."""
    rng = np.random.default_rng(1)
    letters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
    vocab = SPECIAL + letters + ["##" + c for c in letters if c.isalnum()] + "the cat sat on mat what food she is to and ##s ##ing 日 本 語 ω é".split()
    hidden, inner, layers, heads, positions = 24, 40, 2, 4, 48
    tensors = {}

    def add(name, *shape, around=0.0):
        tensors[name] = (around + rng.normal(0, 0.5, shape)).astype(np.float32)

    def norm(name):
        add(name + ".weight", hidden, around=1.0)
        add(name + ".bias", hidden)

    add("embeddings.word_embeddings.weight", len(vocab), hidden)
    add("embeddings.position_embeddings.weight", positions, hidden)
    add("embeddings.token_type_embeddings.weight", 2, hidden)
    norm("embeddings.LayerNorm")
    for i in range(layers):
        at = f"encoder.layer.{i}."
        for name, out, width in [
            ("attention.self.query", hidden, hidden), ("attention.self.key", hidden, hidden), ("attention.self.value", hidden, hidden),
            ("attention.output.dense", hidden, hidden), ("intermediate.dense", inner, hidden), ("output.dense", hidden, inner),
        ]:
            add(at + name + ".weight", out, width)
            add(at + name + ".bias", out)
        norm(at + "attention.output.LayerNorm")
        norm(at + "output.LayerNorm")

    model = HERE / "small"
    model.mkdir(exist_ok=True)
    (model / "vocab.txt").write_text("\n".join(vocab) + "\n", encoding="utf-8")
    (model / "config.json").write_text(json.dumps({
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
        "num_attention_heads": heads, "max_position_embeddings": positions, "type_vocab_size": 2, "vocab_size": len(vocab), "layer_norm_eps": 1e-12,
    }, indent=2) + "\n")
    (model / "sentence_bert_config.json").write_text('{"max_seq_length": 40}\n')
    header, data = {}, b""
    for name, numbers in tensors.items():
        end = len(data) + numbers.nbytes
        header[name] = {"dtype": "F32", "shape": numbers.shape, "data_offsets": [len(data), end]}
        data += numbers.tobytes()
    text = json.dumps(header).encode()
    (model / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    vectors(model, HERE / "small.json")


def read(model):
    raw = (model / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    tensors = {}
    for name, t in json.loads(raw[8:8 + length]).items():
        if name != "__metadata__" and t["dtype"] == "F32":
            begin, end = (8 + length + offset for offset in t["data_offsets"])
            tensors[name] = np.frombuffer(raw[begin:end], np.float32).reshape(t["shape"]).astype(np.float64)
    return tensors


def vectors(model, to):
    """Writes the vectors of TEXTS."""
    config = json.loads((model / "config.json").read_text())
    longest = json.loads((model / "sentence_bert_config.json").read_text())["max_seq_length"]
    tokenizer = BertWordPieceTokenizer(str(model / "vocab.txt"), lowercase=True)
    tokenizer.enable_truncation(longest)
    w = read(model)
    made = [{"text": text, "vector": [round(float(v), 8) for v in encode(w, config, tokenizer.encode(text).ids)]} for text in TEXTS]
    to.write_text("[\n" + ",\n".join(json.dumps(m, ensure_ascii=True) for m in made) + "\n]\n")


def encode(w, config, ids):
    heads, width = config["num_attention_heads"], config["hidden_size"] // config["num_attention_heads"]
    erf = np.vectorize(math.erf)

    def linear(name, x):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def norm(name, x):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["layer_norm_eps"]) * w[name + ".weight"] + w[name + ".bias"]

    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:len(ids)]
    x = norm("embeddings.LayerNorm", x + w["embeddings.token_type_embeddings.weight"][0])
    for i in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{i}."
        q, k, v = (linear(at + "attention.self." + name, x).reshape(len(ids), heads, width).transpose(1, 0, 2) for name in ("query", "key", "value"))
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(width)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        attended = (shares @ v).transpose(1, 0, 2).reshape(len(ids), -1)
        x = norm(at + "attention.output.LayerNorm", x + linear(at + "attention.output.dense", attended))
        inner = linear(at + "intermediate.dense", x)
        x = norm(at + "output.LayerNorm", x + linear(at + "output.dense", inner * 0.5 * (1 + erf(inner / math.sqrt(2)))))
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


if __name__ == "__main__":
    if sys.argv[1:] == ["small"]:
        small()
    elif len(sys.argv) == 3 and sys.argv[1] == "vectors":
        vectors(pathlib.Path(sys.argv[2]), HERE / "all-minilm-l6-v2.json")
    else:
        sys.exit(__doc__)
