"""The component `xlre_aligner`: bitexts in, the same bitexts with sentences, beads and links out.

*How it works.* Every segment is split into sentences. Each sentence is encoded once, whatever the number of languages:
a hidden layer gives word piece vectors, the last layer a sentence vector. For each pair of segments, sentence vectors
give beads by dynamic programming and P(s,t) by a logistic function of their cosine; the word piece vectors of a bead
give links by the chosen method. Docs that are not bitexts pass through untouched.

*What is stored.* `to_disk` and `to_bytes` keep the settings and all files of the encoder's folder, so that a packaged
pipeline needs nothing beside it; `exclude=["encoder"]` keeps only its name.
"""

from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Union

import srsly
from spacy import util
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc

from ..errors import Errors, fail
from ..ml.align.beads import BeadSettings
from ..ml.align.holder import EncoderHolder, read_files, write_files
from ..ml.align.links import METHODS, LinkSettings
from ..tokens.bitext import is_bitext
from .bitexts import AlignSettings, align_bitexts

BATCH_TOKENS = 20_000
DEFAULTS: Dict[str, Any] = {
    "encoder": "intfloat/multilingual-e5-small",
    "layer": 7,
    "prefix": "query: ",
    "method": "softmax",
    "temperature": 0.065,
    "threshold": 0.02,
    "skip_cost": 0.65,
    "merge_cost": 0.005,
    "midpoint": 0.83,
    "steepness": 45.0,
    "pairs": "all",
    "keep_sentences": False,
    "batch_pieces": 4096,
}


@Language.factory("xlre_aligner", assigns=["doc.spans", "token.is_sent_start"], default_config=DEFAULTS)
def make_aligner(
    nlp: Language,
    name: str,
    encoder: str,
    layer: int,
    prefix: str,
    method: str,
    temperature: float,
    threshold: float,
    skip_cost: float,
    merge_cost: float,
    midpoint: float,
    steepness: float,
    pairs: str,
    keep_sentences: bool,
    batch_pieces: int,
) -> "Aligner":
    """Make the component; nothing is loaded before its first use.

    encoder (str): An encoder folder or a hub name.
    layer (int): The layer whose vectors stand for words. For encoders of 12 layers, 6 to 8 is best.
    prefix (str): Put before every sentence: "query: " for encoders of the E5 family, else "".
    method (str): How links are chosen: "softmax" (all above `threshold`, the weak ones too: best for projection) or
        "argmax" (few and sure: best for word alignment).
    temperature (float): Divides similarities before they become link probabilities.
    threshold (float): The least probability of a `softmax` link, in both directions.
    skip_cost, merge_cost (float): See `ml.align.beads.BeadSettings`.
    midpoint, steepness (float): P(s,t) of a bead with cosine c is 1 / (1 + exp(-steepness * (c - midpoint))).
    pairs (str): "all", or the language code of a pivot: then only pairs with it are aligned. A bitext without the
        pivot is aligned in all pairs.
    keep_sentences (bool): Keep the sentence starts that a bitext already has.
    batch_pieces (int): Word pieces a batch; lower it if memory runs short.
    """
    return Aligner(nlp, name, {key: value for key, value in locals().items() if key in DEFAULTS})


class Aligner(Pipe):
    """Finds sentences, beads and links of bitexts.

    nlp (Language): The pipeline that it is part of.
    name (str): The component's name.
    settings (Dict[str, Any]): The settings of `make_aligner`.
    RAISES (XlreError): If there is no such method.
    """

    def __init__(self, nlp: Language, name: str, settings: Dict[str, Any]) -> None:
        self.vocab = nlp.vocab
        self.name = name
        self._set(settings)

    def __call__(self, doc: Doc) -> Doc:
        """Align one bitext in place, and return it."""
        self._align([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Align a stream of bitexts; the sentences of a whole batch are encoded together.

        stream (Iterable[Doc]): Docs, of which the bitexts are aligned.
        batch_size (int): The most Docs to buffer; fewer if they are long.
        YIELDS (Doc): The same Docs in order.
        """
        handle_error = self.get_error_handler()
        for batch in _batches(stream, batch_size):
            try:
                self._align(batch)
            except Exception as error:
                handle_error(self.name, self, batch, error)
            else:
                yield from batch

    def to_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> None:
        """Store the settings and the encoder in a folder."""
        parts = {
            "cfg": lambda file_: srsly.write_json(file_, self.settings),
            "encoder": lambda folder: write_files(self.encoder.files(), folder),
        }
        util.to_disk(path, parts, exclude)

    def from_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> "Aligner":
        """Load what `to_disk` stored; the folder is not needed afterwards."""
        parts = {
            "cfg": lambda file_: self._set(srsly.read_json(file_)),
            "encoder": lambda folder: self.encoder.set_files(read_files(folder)) if folder.is_dir() else None,
        }
        util.from_disk(path, parts, exclude)
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Store the settings and the encoder in a bytestring."""
        parts = {
            "cfg": lambda: srsly.json_dumps(self.settings),
            "encoder": lambda: srsly.msgpack_dumps(self.encoder.files()),
        }
        return util.to_bytes(parts, exclude)

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "Aligner":
        """Load what `to_bytes` stored."""
        parts = {
            "cfg": lambda stored: self._set(srsly.json_loads(stored)),
            "encoder": lambda stored: self.encoder.set_files(srsly.msgpack_loads(stored)),
        }
        util.from_bytes(data, parts, exclude)
        return self

    def _align(self, docs: List[Doc]) -> None:
        bitexts = [doc for doc in docs if is_bitext(doc)]
        if bitexts:
            align_bitexts(bitexts, self.encoder.get(), self._how)

    def _set(self, settings: Dict[str, Any]) -> None:
        """Take settings, and the encoder that they name."""
        if settings["method"] not in METHODS:
            raise fail(Errors.X403, method=settings["method"], methods=", ".join(METHODS))
        self.settings = dict(settings)
        self.encoder = EncoderHolder(
            settings["encoder"],
            layer=settings["layer"],
            prefix=settings["prefix"],
            batch_pieces=settings["batch_pieces"],
        )
        self._how = AlignSettings(
            method=settings["method"],
            links=LinkSettings(settings["temperature"], settings["threshold"]),
            beads=BeadSettings(settings["skip_cost"], settings["merge_cost"]),
            midpoint=settings["midpoint"],
            steepness=settings["steepness"],
            pairs=settings["pairs"],
            keep_sentences=settings["keep_sentences"],
        )


def _batches(stream: Iterable[Doc], batch_size: int) -> Iterator[List[Doc]]:
    batch: List[Doc] = []
    tokens = 0
    for doc in stream:
        if batch and (len(batch) >= batch_size or tokens + len(doc) > BATCH_TOKENS):
            yield batch
            batch, tokens = [], 0
        batch.append(doc)
        tokens += len(doc)
    if batch:
        yield batch
