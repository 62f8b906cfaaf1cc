"""The component `xlre_aligner`: bitexts in, the same bitexts with sentences, beads and links out.

*How it works.* Every segment is split into sentences. Each sentence is encoded once, whatever the number of languages:
a hidden layer gives word piece vectors, the last layer a sentence vector. For each pair of segments, sentence vectors
give beads by dynamic programming and P(s,t) by a logistic function of their cosine; the word piece vectors of a bead
give links by the chosen method. Docs that are not bitexts pass through untouched.

*Training* is optional (`configs/aligner.cfg`). The layers just below the word vectors are copied, and the copies learn
from known links, or from the links that the model finds itself. Sentence vectors do not change.

*What is stored.* `to_disk` and `to_bytes` keep the settings, all files of the encoder's folder, and the trained layers,
so that a packaged pipeline needs nothing beside it; `exclude=["encoder"]` keeps only the encoder's name.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Union

import srsly
from spacy import util
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Model, Optimizer

from ..errors import Errors, fail
from ..ml.align.beads import BeadSettings
from ..ml.align.holder import EncoderHolder, read_files, write_files
from ..ml.align.methods import METHODS, LinkSettings
from ..ml.align.probability import ProbabilitySettings
from ..tokens import DocAlignment, get_alignment, get_language, get_segments, join_bitext, split_sentences
from ..tokens.bitext import PairAlignment, is_bitext
from ..tokens.projection import Projection, keep_apart
from .alignment_examples import Prediction, annotate, training_pairs
from .bitexts import AlignSettings, align_bitexts, batch_bitexts
from .span_search import SpanSearch

Scorer = Callable[..., Dict[str, Any]]

DEFAULTS: Dict[str, Any] = {
    "encoder": "intfloat/multilingual-e5-small",
    "layer": 7,
    "prefix": "query: ",
    "method": "softmax",
    "temperature": 0.065,
    "threshold": 0.02,
    "null": None,
    "distortion": 0.0,
    "iterations": 2,
    "min_prob": 0.0,
    "skip_cost": 0.7,
    "merge_cost": 0.1,
    "length_cost": 0.1,
    "word_share": 0.7,
    "midpoint": 0.849,
    "steepness": 69.4,
    "length_penalty": 3.53,
    "bead_probs": True,
    "pairs": "all",
    "keep_sentences": False,
    "batch_pieces": 4096,
    "precision": "float32",
    "trained_layers": 4,
    "losses": {"supervised": 1.0, "self_training": 1.0},
    "cache_mb": 2000,
}
# Those that the encoder is loaded with; its name is the first.
ENCODER_SETTINGS = ("encoder", "layer", "prefix", "batch_pieces", "precision")


@Language.factory(
    "xlre_aligner",
    assigns=["doc.spans", "token.is_sent_start"],
    default_config={**DEFAULTS, "scorer": {"@scorers": "spacy_xlre.alignment_scorer.v1"}},
    default_score_weights={"align_f": 1.0, "align_p": 0.0, "align_r": 0.0, "align_aer": None},
)
def make_aligner(
    nlp: Language,
    name: str,
    encoder: str,
    layer: int,
    prefix: str,
    method: str,
    temperature: float,
    threshold: float,
    null: Optional[float],
    distortion: float,
    iterations: int,
    min_prob: float,
    skip_cost: float,
    merge_cost: float,
    length_cost: float,
    word_share: float,
    midpoint: float,
    steepness: float,
    length_penalty: float,
    bead_probs: bool,
    pairs: str,
    keep_sentences: bool,
    batch_pieces: int,
    precision: str,
    trained_layers: int,
    losses: Dict[str, float],
    cache_mb: int,
    scorer: Optional[Scorer],
) -> "Aligner":
    """Make the component; nothing is loaded before its first use.

    encoder (str): An encoder folder or a hub name.
    layer (int): The layer whose vectors stand for words. For encoders of 12 layers, 6 to 8 is best.
    prefix (str): Put before every sentence: "query: " for encoders of the E5 family, else "".
    method (str): How links are chosen: "softmax" or "entmax" (all above `threshold`, the weak ones too: best for
        projection), "argmax" (few and sure), "itermax" (some more) or "match" (one to one); see `ml.align.methods`.
    temperature (float): Divides similarities before they become link probabilities.
    threshold (float): The least probability of a `softmax` or `entmax` link, in both directions.
    null (Optional[float]): Similarity of every word to the null word, so that words may be left unlinked; None for
        none. Trained aligners need one: 0.45.
    distortion (float): How much links off the diagonal lose, in [0, 1]; see `ml.align.methods.LinkSettings`.
    iterations (int): Rounds of "itermax".
    min_prob (float): Links of less probability are left out, whatever the method.
    skip_cost, merge_cost, length_cost, word_share (float): What decides on beads; see `ml.align.beads.BeadSettings`.
    midpoint, steepness, length_penalty (float): From cosines and lengths to P(s,t) of a bead; see
        `ml.align.probability.ProbabilitySettings`.
    bead_probs (bool): Compute P(s,t) where both segments are one sentence, too. Without it their bead has
        probability 1, and only the layers up to `layer` run.
    pairs (str): "all", or the language code of a pivot: then only pairs with it are aligned. A bitext without the
        pivot is aligned in all pairs.
    keep_sentences (bool): Keep the sentence starts that a bitext already has.
    batch_pieces (int): Word pieces a batch; lower it if memory runs short.
    precision (str): "float32"; or "auto", which computes in bfloat16 where a small product shows that the processor is
        faster at that: up to three times as fast, with nearly the same links.
    trained_layers (int): How many layers below `layer` training copies and changes.
    losses (Dict[str, float]): Weights of the parts of the loss; see `ml.align.training.WordTrainer`.
    cache_mb (int): Megabytes for the outputs of the layers that do not learn, kept while training.
    scorer (Optional[Scorer]): The metric.
    """
    settings = {key: value for key, value in locals().items() if key in DEFAULTS}
    return Aligner(nlp, name, settings, scorer=scorer)


class Aligner(TrainablePipe):
    """Finds sentences, beads and links of bitexts.

    nlp (Language): The pipeline that it is part of.
    name (str): The component's name.
    settings (Dict[str, Any]): The settings of `make_aligner`.
    scorer (Optional[Scorer]): The metric.
    RAISES (XlreError): If there is no such method.
    """

    def __init__(self, nlp: Language, name: str, settings: Dict[str, Any], *, scorer: Optional[Scorer] = None) -> None:
        self.vocab = nlp.vocab
        self.name = name
        self.scorer = scorer
        self.model: Model = Model("alignment-encoder", _encode)
        self._trainer: Any = None
        self._set(settings)

    @property
    def cfg(self) -> Dict[str, Any]:
        """The settings, as spaCy's tools look for them."""
        return self.settings

    def __call__(self, doc: Doc) -> Doc:
        """Align one bitext in place, and return it."""
        self._align([doc])
        return doc

    def align(
        self, source: Doc, target: Doc, *, source_lang: Optional[str] = None, target_lang: Optional[str] = None
    ) -> DocAlignment:
        """Align two Docs of any tokenisation and vocabulary, without changing them.

            alignment = nlp.get_pipe("xlre_aligner").align(english, german)
            print(alignment.project(english.ents[0]))

        source, target (Doc): The same text in two languages. Sentence boundaries that a Doc has are kept.
        source_lang, target_lang (Optional[str]): Language codes, for the sentence rules where a Doc has no boundaries;
            by default those recorded on the Docs, or of their vocabularies.
        RETURNS (DocAlignment): Beads, links and projections in the tokens of the two Docs.
        RAISES (XlreError): If a Doc has no text, or the encoder cannot be used.
        """
        for side, doc in (("source", source), ("target", target)):
            if not doc.text.strip():
                raise fail(Errors.X417, side=side)
        languages = [source_lang or get_language(source), target_lang or get_language(target)]
        if languages[0] == languages[1]:
            languages[1] += "-x-target"  # two segments need two names; rules go by the language in front
        bitext = join_bitext(dict(zip(languages, (source, target))))
        for lang, doc in zip(languages, (source, target)):
            segment = get_segments(bitext)[lang]
            if doc.has_annotation("SENT_START"):
                for token, own in zip(segment, doc):
                    token.is_sent_start = bool(own.is_sent_start)
            else:
                split_sentences(segment, lang)
        align_bitexts([bitext], self.encoder.get(), replace(self._how, keep_sentences=True))
        (pair,) = get_alignment(bitext).pairs  # type: ignore[union-attr]
        return DocAlignment(source, target, pair)

    def project(self, alignment: Union[PairAlignment, DocAlignment], spans: Sequence[Span]) -> List[Projection]:
        """Carry spans over an alignment, and where its links do not say enough, search them by their vectors.

        alignment (Union[PairAlignment, DocAlignment]): What `doc._.alignment.between` or `align` returned.
        spans (Sequence[Span]): Spans of one side: of the source segment of a pair, or of either of two Docs.
        RETURNS (List[Projection]): One per span, in their order, of which no two overlap: the surer one stays.
        RAISES (XlreError): If a span is of no side, or the encoder cannot be used.
        """
        pair = alignment.pair if isinstance(alignment, DocAlignment) else alignment
        if isinstance(alignment, DocAlignment) and spans and spans[0].doc is alignment.target:
            pair = pair.flipped()
        search = SpanSearch(pair, self.encoder.get())
        return keep_apart([alignment.project(span, search) for span in spans])

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Align a stream of bitexts; the sentences of a whole batch are encoded together.

        stream (Iterable[Doc]): Docs, of which the bitexts are aligned.
        batch_size (int): The most Docs to buffer; fewer if they are long.
        YIELDS (Doc): The same Docs in order.
        """
        handle_error = self.get_error_handler()
        for batch in batch_bitexts(stream, batch_size):
            try:
                self._align(batch)
            except Exception as error:
                handle_error(self.name, self, batch, error)
            else:
                yield from batch

    def predict(self, docs: Iterable[Doc]) -> List[Prediction]:
        """Find sentences, beads and links without changing the Docs.

        docs (Iterable[Doc]): Docs.
        RETURNS (List[Prediction]): What to set on each; nothing for a Doc that is no bitext.
        """
        copies = [doc.copy() for doc in docs]
        self._align(copies)
        return [Prediction.read(doc) for doc in copies]

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[Prediction]) -> None:
        """Set what `predict` returned."""
        for doc, prediction in zip(docs, scores):
            annotate(doc, prediction)

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Optional[Language] = None, **kwargs: Any
    ) -> None:
        """Check the examples. The encoder is loaded, and its layers copied, with the first bitext to learn from."""
        validate_get_examples(get_examples, "Aligner.initialize")

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Union[Optimizer, bool, None] = None,
        losses: Optional[Dict[str, float]] = None,
    ) -> Dict[str, float]:
        """Learn from the bitexts among the references.

        examples (Iterable[Example]): Examples. A reference with links teaches them, unless the loss "supervised" has
            no weight; from one without, the links that the model finds itself are learned. Its beads, or else its
            segments, say which texts belong together.
        drop (float): The dropout rate of the layers that learn.
        sgd (Optimizer): Steps if given; with None or False the gradients are kept for `finish_update`.
        losses (Dict[str, float]): The loss is added under the component's name.
        RETURNS (Dict[str, float]): The losses.
        RAISES (XlreError): If the encoder is of a kind that cannot be trained.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "Aligner.update")
        supervised = bool(self.settings["losses"].get("supervised"))
        pairs = [pair for eg in examples for pair in training_pairs(eg.reference, with_links=supervised)]
        if not pairs:
            return losses
        losses[self.name] += self._training().loss(pairs, drop)
        if sgd not in (None, False):
            self.finish_update(sgd)
        return losses

    def to_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> None:
        """Store the settings, the encoder and the trained layers in a folder."""
        parts = {
            "cfg": lambda file_: srsly.write_json(file_, self.settings),
            "encoder": lambda folder: write_files(self.encoder.files(), folder),
        }
        layers = self.encoder.word_layers()
        if layers is not None:
            parts["word_layers.safetensors"] = lambda file_: file_.write_bytes(layers)
        util.to_disk(path, parts, exclude)

    def from_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> "Aligner":
        """Load what `to_disk` stored; the folder is not needed afterwards."""
        parts = {
            "cfg": lambda file_: self._set(srsly.read_json(file_)),
            "encoder": lambda folder: self.encoder.set_files(read_files(folder)) if folder.is_dir() else None,
            "word_layers.safetensors": lambda file_: (
                self.encoder.set_word_layers(file_.read_bytes()) if file_.is_file() else None
            ),
        }
        util.from_disk(path, parts, exclude)
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Store the settings, the encoder and the trained layers in a bytestring."""
        parts = {
            "cfg": lambda: srsly.json_dumps(self.settings),
            "encoder": lambda: srsly.msgpack_dumps(self.encoder.files()),
            "word_layers": lambda: self.encoder.word_layers() or b"",
        }
        return util.to_bytes(parts, exclude)

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "Aligner":
        """Load what `to_bytes` stored."""
        parts = {
            "cfg": lambda stored: self._set(srsly.json_loads(stored)),
            "encoder": lambda stored: self.encoder.set_files(srsly.msgpack_loads(stored)),
            "word_layers": lambda stored: self.encoder.set_word_layers(stored) if stored else None,
        }
        util.from_bytes(data, parts, exclude)
        return self

    def _align(self, docs: List[Doc]) -> None:
        bitexts = [doc for doc in docs if is_bitext(doc)]
        if bitexts:
            align_bitexts(bitexts, self.encoder.get(), self._how)

    def _training(self) -> Any:
        """Return what computes the losses, its layers among the model's so that they are stepped."""
        if self._trainer is None:
            from thinc.api import PyTorchShim

            from ..ml.align.training import WordTrainer

            encoder = self.encoder.get()
            self._trainer = WordTrainer(encoder, self.settings["losses"], self._how.links, self.settings["cache_mb"])
            if encoder.word_module is None:
                encoder.add_word_layers(self.settings["trained_layers"])
            self.model.shims[:] = [PyTorchShim(encoder.word_module)]
        return self._trainer

    def configure(self, **settings: Any) -> None:
        """Change settings of a component that is in use, for example `configure(method="argmax")`.

        settings (Any): Settings of `make_aligner`, but for those of the encoder.
        RAISES (XlreError): If there is no such setting or method, or the encoder would be another.
        """
        for name in settings:
            if name not in DEFAULTS or name in ENCODER_SETTINGS:
                raise fail(Errors.X413, name=name, names=", ".join(sorted(set(DEFAULTS) - set(ENCODER_SETTINGS))))
        self._choose({**self.settings, **settings})

    def _set(self, settings: Dict[str, Any]) -> None:
        """Take settings, and the encoder that they name."""
        self._choose({**DEFAULTS, **settings})
        self.encoder = EncoderHolder(
            self.settings["encoder"], **{key: self.settings[key] for key in ENCODER_SETTINGS[1:]}
        )

    def _choose(self, settings: Dict[str, Any]) -> None:
        if settings["method"] not in METHODS:
            raise fail(Errors.X403, method=settings["method"], methods=", ".join(METHODS))
        self.settings = settings
        self._trainer = None
        self._how = AlignSettings(
            method=settings["method"],
            links=LinkSettings(
                temperature=settings["temperature"],
                threshold=settings["threshold"],
                null=settings["null"],
                distortion=settings["distortion"],
                iterations=settings["iterations"],
                min_prob=settings["min_prob"],
            ),
            beads=BeadSettings(
                skip=settings["skip_cost"],
                merge=settings["merge_cost"],
                length=settings["length_cost"],
                words=settings["word_share"],
            ),
            probability=ProbabilitySettings(settings["midpoint"], settings["steepness"], settings["length_penalty"]),
            pairs=settings["pairs"],
            keep_sentences=settings["keep_sentences"],
            bead_probs=settings["bead_probs"],
        )


def _encode(model: Model, X: Any, is_train: bool) -> Any:
    """Stand for the forward of a model that is never called: the aligner encodes by itself, whole batches at once."""
    return X, lambda dY: dY
