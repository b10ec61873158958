"""Models in this process.

FastEmbed runs a model of four numbers that is made here. Sentence Transformers and vLLM need torch, several gigabytes, which
the test environment has not: there, a stand-in with the arguments of the real ones sees whether they are loaded once and
asked rightly.
"""

from __future__ import annotations

import asyncio
import copy
import json
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace

import pytest

from agno.knowledge.embedder.fastembed import FastEmbedEmbedder
from agno.knowledge.embedder.sentence_transformer import SentenceTransformerEmbedder
from agno.knowledge.embedder.vllm import VLLMEmbedder

LOCAL = [
    (FastEmbedEmbedder, "fastembed", "fastembed"),
    (SentenceTransformerEmbedder, "sentence_transformers", "sentence-transformers"),
    (VLLMEmbedder, "vllm", "vllm"),
]


@pytest.mark.parametrize(("kind", "module", "package"), LOCAL)
def test_a_missing_package_is_named(kind, module, package, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        kind().get_embedding("x")
    with pytest.raises(ImportError, match=f"pip install {package}"):
        asyncio.run(kind().async_get_embedding("x"))


def test_defaults_are_those_of_the_models():
    assert (FastEmbedEmbedder().id, FastEmbedEmbedder().dimensions) == ("BAAI/bge-small-en-v1.5", 384)
    assert SentenceTransformerEmbedder().id == "sentence-transformers/all-MiniLM-L6-v2"
    assert SentenceTransformerEmbedder().dimensions == 384 and VLLMEmbedder().dimensions == 4096


# Sentence Transformers and vLLM --------------------------------------------------------------------------------------


class Loaded:
    """What the stand-ins loaded and were asked."""

    def __init__(self) -> None:
        self.models: list[dict] = []
        self.asked: list[dict] = []


class Rows(list):
    """The little of an array that is used."""

    def astype(self, kind):
        return Rows([[kind(number) for number in row] for row in self])

    def tolist(self):
        return [list(row) for row in self]


@pytest.fixture
def loaded(monkeypatch):
    found = Loaded()

    class SentenceTransformer:
        def __init__(self, model_name_or_path=None, *, device=None, truncate_dim=None):
            found.models.append({"model": model_name_or_path, "device": device, "truncate_dim": truncate_dim})

        def encode(self, inputs, prompt_name=None, prompt=None, batch_size=32, show_progress_bar=None,
                   normalize_embeddings=False):  # fmt: skip
            found.asked.append({"inputs": inputs, "prompt": prompt, "normalize_embeddings": normalize_embeddings})
            return Rows([[len(text), 1] for text in inputs])

    class LLM:
        def __init__(self, model, *, runner="auto", enforce_eager=False, **more):
            found.models.append({"model": model, "runner": runner, "enforce_eager": enforce_eager, **more})

        def embed(self, prompts):
            found.asked.append({"inputs": prompts})
            return [SimpleNamespace(outputs=SimpleNamespace(embedding=[len(p), 1.0]), prompt_token_ids=[0] * len(p))
                    for p in prompts]  # fmt: skip

    for name, kind in (("sentence_transformers", SentenceTransformer), ("vllm", LLM)):
        module = ModuleType(name)
        setattr(module, kind.__name__, kind)
        monkeypatch.setitem(sys.modules, name, module)
    return found


@pytest.mark.parametrize("kind", [SentenceTransformerEmbedder, VLLMEmbedder])
def test_a_model_is_loaded_once_for_all_callers_and_copies(kind, loaded):
    embedder = kind(id="folder", dimensions=2, batch_size=2)
    assert not loaded.models
    texts = ["a", "bbb", "cc"]
    expected = [[float(len(text)), 1.0] for text in texts]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: copy.deepcopy(embedder).get_embeddings_batch_and_usage(texts)[0], range(8))
        assert list(found) == [expected] * 8
    assert asyncio.run(embedder.async_get_embeddings_batch_and_usage(texts))[0] == expected
    assert embedder.get_embeddings_batch_and_usage([]) == ([], [])
    assert len(loaded.models) == 1 and loaded.asked[0]["inputs"] == ["a", "bbb"]


def test_sentence_transformers_are_told_everything(loaded):
    embedder = SentenceTransformerEmbedder(prompt="query: ", normalize_embeddings=True, client_params={"device": "cpu"})
    vector = embedder.get_embedding("Grüße \ud83d")
    assert vector == [7.0, 1.0] and all(type(number) is float for number in vector)
    assert loaded.models == [{"model": embedder.id, "device": "cpu", "truncate_dim": None}]
    assert loaded.asked == [{"inputs": ["Grüße ?"], "prompt": "query: ", "normalize_embeddings": True}]


def test_vllm_is_told_everything(loaded):
    usage = VLLMEmbedder(vllm_kwargs={"dtype": "half"}).get_embedding_and_usage("tea")[1]
    assert usage == {"prompt_tokens": 3, "total_tokens": 3}
    assert loaded.models == [
        {"model": "intfloat/e5-mistral-7b-instruct", "runner": "pooling", "enforce_eager": True, "dtype": "half"}
    ]


def test_a_model_that_was_loaded_elsewhere_is_used(loaded):
    given = sys.modules["sentence_transformers"].SentenceTransformer("mine")
    SentenceTransformerEmbedder(sentence_transformer_client=given).get_embedding("x")
    VLLMEmbedder(vllm_client=sys.modules["vllm"].LLM("mine")).get_embedding("x")
    assert [model["model"] for model in loaded.models] == ["mine", "mine"]


# FastEmbed -----------------------------------------------------------------------------------------------------------


def _field(number: int, value: bytes | int | str) -> bytes:
    """A field of a protocol buffer."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _tensor(name: str, kind: int, sizes: list[str | int]) -> bytes:
    shape = b"".join(_field(1, _field(1 if isinstance(size, int) else 2, size)) for size in sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _onnx(rows: list[list[float]]) -> bytes:
    """A model that looks up one row per token."""
    floats, ints = 1, 7
    packed = b"".join(struct.pack("<4f", *row) for row in rows)
    table = _field(1, len(rows)) + _field(1, 4) + _field(2, floats) + _field(8, "table") + _field(9, packed)
    node = _field(1, "table") + _field(1, "input_ids") + _field(2, "last_hidden_state") + _field(4, "Gather")
    graph = _field(1, node) + _field(2, "tiny") + _field(5, table)
    for name in ("input_ids", "attention_mask"):
        graph += _field(11, _tensor(name, ints, ["batch", "tokens"]))
    graph += _field(12, _tensor("last_hidden_state", floats, ["batch", "tokens", 4]))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))


@pytest.fixture
def model_folder(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"[PAD]": 0, "[UNK]": 1, "green": 2, "tea": 3}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    for name, content in {
        "config.json": {"pad_token_id": 0},
        "tokenizer_config.json": {"model_max_length": 8, "pad_token": "[PAD]"},
        "special_tokens_map.json": {"pad_token": "[PAD]", "unk_token": "[UNK]"},
    }.items():
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "model.onnx").write_bytes(_onnx([[0, 0, 0, 0], [0, 0, 0, 1], [3, 0, 0, 0], [0, 4, 0, 0]]))
    return tmp_path


@pytest.mark.knowledge
def test_fastembed_runs_a_model(model_folder):
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    TextEmbedding.add_custom_model(
        model="tiny/words", pooling=PoolingType.MEAN, normalization=True, sources=ModelSource(hf="tiny/words"), dim=4,
        model_file="model.onnx",
    )  # fmt: skip
    embedder = FastEmbedEmbedder(
        id="tiny/words", dimensions=4, batch_size=2, client_params={"specific_model_path": str(model_folder)}
    )
    texts = ["green", "green tea", "日本 \ud83d"]
    expected = [[1.0, 0.0, 0.0, 0.0], [0.6, 0.8, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    for vectors, usages in (
        embedder.get_embeddings_batch_and_usage(texts),
        asyncio.run(copy.deepcopy(embedder).async_get_embeddings_batch_and_usage(texts)),
    ):
        assert vectors == [pytest.approx(vector, abs=1e-6) for vector in expected] and usages == [None] * 3
    given = TextEmbedding(model_name="tiny/words", specific_model_path=str(model_folder))
    assert FastEmbedEmbedder(fastembed_client=given).get_embedding("tea") == pytest.approx([0, 1, 0, 0])
