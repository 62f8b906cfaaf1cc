import json
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
import pytest
from spacy.language import Language
from tokenizers import Tokenizer

from spacy_xlre.encoder import EncoderFiles, trim_files, write_encoder
from spacy_xlre.encoder.embedded import bert_config, embedded_files
from spacy_xlre.encoder.unigram import SpecialPieces, build_tokenizer, tokenizer_config, unigram_vocabulary
from spacy_xlre.encoder.weights import Sizes, read_weights
from spacy_xlre.tokens.blank import blank_multilingual

TINY = Sizes(hidden=32, layers=2, heads=4, ffn=64, vocabulary=0, positions=512, types=2)
TINY_CHARACTERS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZäöüßéèçñÄÖÜÉ0123456789.,;:!?'\"()-"
    "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИКЛМНОПРСТ"
    "的一是在了我和有不人他她中国大学北京上海出生于巴黎工作。，"
)
TINY_WORDS = ("▁the", "▁of", "▁in", "▁was", "▁born", "▁der", "▁die", "▁в", "▁на", "ing", "en", "ов", "中国", "北京")
EMBEDDED_LANGUAGES = ("en", "de", "es", "fr", "zh")
EMBEDDED_WORDS = 300
KEPT_SENTENCES = (
    "In the first year they were not very happy with it.",
    "Wir haben in der Straße kein Haus, und sie hat auch keine Zeit.",
    "No se puede decir que la casa sea de mi padre.",
    "L'été, il n'est pas à la maison.",
    "她不在家。",
)


def tiny_encoder() -> EncoderFiles:
    """A random two-layer BertModel over single characters and a few longer pieces."""
    special = SpecialPieces()
    pieces = [special.bos, special.pad, special.eos, special.unk, "▁", *TINY_CHARACTERS, *TINY_WORDS, special.mask]
    scores = {**dict.fromkeys(TINY_CHARACTERS, -8.0), **dict.fromkeys(TINY_WORDS, -6.0), "▁": -4.0}
    vocabulary = [(piece, scores.get(piece, 0.0)) for piece in pieces]
    sizes = Sizes(**{**vars(TINY), "vocabulary": len(vocabulary)})
    return EncoderFiles(
        config=bert_config(sizes, eps=1e-12, pad=pieces.index(special.pad)),
        tokenizer=build_tokenizer(vocabulary, {"\t": " ", "\u200b": " ", "ﬁ": "fi"}, special),
        tokenizer_config=tokenizer_config(special),
        tensors=random_tensors(sizes),
    )


def random_tensors(sizes: Sizes) -> Dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    hidden, ffn = sizes.hidden, sizes.ffn
    shapes = {
        "embeddings.word_embeddings.weight": (sizes.vocabulary, hidden),
        "embeddings.position_embeddings.weight": (sizes.positions, hidden),
        "embeddings.token_type_embeddings.weight": (sizes.types, hidden),
        "pooler.dense.weight": (hidden, hidden),
        "pooler.dense.bias": (hidden,),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}" for number in range(sizes.layers)):
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
        for part, rows, columns in (
            *((f"attention.{name}", hidden, hidden) for name in ("self.query", "self.key", "self.value")),
            ("attention.output.dense", hidden, hidden),
            ("intermediate.dense", ffn, hidden),
            ("output.dense", hidden, ffn),
        ):
            shapes[f"{layer}.{part}.weight"] = (rows, columns)
            shapes[f"{layer}.{part}.bias"] = (rows,)
    tensors = {name: rng.normal(0, 0.2, shape).astype("f4") for name, shape in shapes.items()}
    for name in norms:
        tensors[f"{name}.weight"] = np.ones(hidden, dtype="f4")
        tensors[f"{name}.bias"] = np.zeros(hidden, dtype="f4")
    return tensors


@pytest.fixture(scope="session")
def tiny_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random encoder, 2 layers of 32: for shapes, gradients and round trips."""
    folder = tmp_path_factory.mktemp("encoders") / "tiny"
    write_encoder(tiny_encoder(), folder)
    return folder


@pytest.fixture(scope="session")
def embedded_files_full() -> EncoderFiles:
    """The whole embedded encoder in memory (480 MB)."""
    return embedded_files(read_weights())


@pytest.fixture(scope="session")
def full_tokenizer(embedded_files_full: EncoderFiles) -> Tokenizer:
    """The embedded encoder's own tokenizer, with its whole vocabulary."""
    return Tokenizer.from_str(json.dumps(embedded_files_full.tokenizer))


@pytest.fixture(scope="session")
def full_vocabulary(embedded_files_full: EncoderFiles) -> List[Tuple[str, float]]:
    """The embedded encoder's pieces and scores."""
    return unigram_vocabulary(embedded_files_full.tokenizer, "the embedded encoder")


@pytest.fixture(scope="session", params=KEPT_SENTENCES)
def kept_sentence(request: pytest.FixtureRequest) -> str:
    """A sentence all of whose pieces are in the small vocabulary of `embedded_encoder_folder`."""
    return request.param


@pytest.fixture(scope="session")
def embedded_encoder_folder(embedded_files_full: EncoderFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded encoder with a small vocabulary: characters and the most frequent words of five languages."""
    folder = tmp_path_factory.mktemp("encoders") / "embedded"
    files, _ = trim_files(embedded_files_full, languages=EMBEDDED_LANGUAGES, words=EMBEDDED_WORDS, texts=KEPT_SENTENCES)
    write_encoder(files, folder)
    return folder


@pytest.fixture
def multilingual() -> Language:
    """A blank pipeline with the multilingual tokenizer."""
    return blank_multilingual()


@pytest.fixture(scope="session")
def assets() -> Path:
    """The embedded corpus and knowledge base."""
    return Path(__file__).parent.parent / "assets"
