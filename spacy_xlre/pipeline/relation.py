"""`xlre_relation`: finds the relations between the entities of a Doc."""

from itertools import islice
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Optimizer, set_dropout_rate
from thinc.types import Floats2d

from ..errors import Errors, fail
from ..ml.relations.losses import Loss, create_binary_cross_entropy, create_cross_entropy
from ..ml.relations.model import RelationModel
from ..ml.relations.pairs import DocPairs, IntArray
from ..tokens import NA, Relation, get_relations, set_relations
from .candidates import CandidateGetter, Entity, LabelRules, make_rules
from .listeners import check_listeners
from .targets import entities_of, gold_entities, make_targets

Scorer = Callable[..., Dict[str, Any]]
Prediction = Tuple[List[DocPairs], Floats2d]

DEFAULT_CONFIG = Config().from_str(
    """
[xlre_relation]
exclusive = true
threshold = 0.5
na_weight = 1.0
use_gold_ents = true
loss = null

[xlre_relation.offsets]

[xlre_relation.candidates]
@misc = "spacy_xlre.candidates.v1"
max_distance = 128
sentence_window = 0
context = 64
max_pairs = 2000
types = {}
symmetric = []

[xlre_relation.scorer]
@scorers = "spacy_xlre.relation_scorer.v1"

[xlre_relation.model]
@architectures = "spacy_xlre.RelationModel.v1"
nO = null

[xlre_relation.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true

[xlre_relation.model.pair_vectors]
@architectures = "spacy_xlre.PairVectors.v1"
type_width = 32
type_rows = 512
distance_width = 16
attention_heads = 4
attention_width = 32
entity_dropout = 0.0

[xlre_relation.model.classifier]
@architectures = "spacy_xlre.PairClassifier.v1"
hidden_width = 256
output_scale = 1.0
nO = null
"""
)


@Language.factory(
    "xlre_relation",
    requires=["doc.ents"],
    assigns=["doc._.relations"],
    default_config=DEFAULT_CONFIG["xlre_relation"],
    default_score_weights={
        "rel_micro_f": 1.0,
        "rel_micro_p": 0.0,
        "rel_micro_r": 0.0,
        "rel_macro_f": 0.0,
        "rel_candidate_recall": None,
        "rel_per_type": None,
        "rel_per_language": None,
    },
)
def make_relation(
    nlp: Language,
    name: str,
    model: RelationModel,
    candidates: CandidateGetter,
    exclusive: bool,
    threshold: float,
    offsets: Dict[str, float],
    na_weight: float,
    use_gold_ents: bool,
    loss: Optional[Loss],
    scorer: Optional[Scorer],
) -> "RelationExtractor":
    """Build the component; see `RelationExtractor`."""
    return RelationExtractor(
        nlp.vocab,
        model,
        name,
        candidates=candidates,
        exclusive=exclusive,
        threshold=threshold,
        offsets=offsets,
        na_weight=na_weight,
        use_gold_ents=use_gold_ents,
        loss=loss,
        scorer=scorer,
    )


class RelationExtractor(TrainablePipe):
    """Find the relations between the entities of a Doc.

    How it works: the candidate getter lists ordered pairs of `doc.ents` that may hold a relation; the model gives each
    pair one logit per label; a label whose score reaches the threshold becomes a relation, which
    `doc._.relations` shows. A score is the probability of the label rather than none: sigmoid(logit) for independent
    labels, sigmoid(logit - logit of NA) for exclusive ones, of which a pair gets the best one only.

        nlp = spacy.load("en_core_web_sm")
        nlp.add_pipe("xlre_relation", source=spacy.load("my_relations"))
        for relation in nlp("Ada Lovelace was born in London.")._.relations:
            print(relation.head, relation.label, relation.tail, relation.score)

    vocab (Vocab): The vocabulary.
    model (RelationModel): From Docs and their pairs to logits, such as `spacy_xlre.RelationModel.v1`.
    name (str): The component's name, and that of its loss.
    candidates (CandidateGetter): Lists the pairs, such as `spacy_xlre.candidates.v1`.
    exclusive (bool): Whether a pair has at most one label.
    threshold (float): The least score of a relation, in [0, 1]. In exclusive mode 0.5 means: likelier than NA.
    offsets (Dict[str, float]): Added to the logits of single labels before scoring, to calibrate them.
    na_weight (float): Factor on the training weights of pairs without a relation.
    use_gold_ents (bool): Whether training pairs the reference's entities, so that it needs no predicted ones, or
        the predicted Doc's.
    loss (Optional[Loss]): By default cross-entropy in exclusive mode, binary cross-entropy otherwise.
    scorer (Optional[Scorer]): The metric, such as `spacy_xlre.relation_scorer.v1`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: RelationModel,
        name: str = "xlre_relation",
        *,
        candidates: CandidateGetter,
        exclusive: bool = True,
        threshold: float = 0.5,
        offsets: Optional[Mapping[str, float]] = None,
        na_weight: float = 1.0,
        use_gold_ents: bool = True,
        loss: Optional[Loss] = None,
        scorer: Optional[Scorer] = None,
    ) -> None:
        if not 0.0 <= threshold <= 1.0:
            raise fail(Errors.X302, name=name, threshold=threshold)
        if loss is not None and loss.exclusive != exclusive:
            raise fail(Errors.X306, name=name, loss=type(loss).__name__, exclusive=str(exclusive).lower())
        self.vocab = vocab
        self.model = model
        self.name = name
        self.candidates = candidates
        self.loss = loss or (create_cross_entropy() if exclusive else create_binary_cross_entropy())
        self.scorer = scorer
        self.cfg: Dict[str, Any] = {
            "labels": [],
            "exclusive": exclusive,
            "threshold": threshold,
            "offsets": dict(offsets or {}),
            "na_weight": na_weight,
            "use_gold_ents": use_gold_ents,
            "types": {},
            "symmetric": sorted(candidates.rules.symmetric),
        }

    @property
    def labels(self) -> Tuple[str, ...]:
        """The labels, in the order of the model's outputs, without NA."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> List[str]:
        """The labels as `spacy init labels` writes them and `initialize` reads them."""
        return list(self.labels)

    @property
    def rules(self) -> LabelRules:
        """What is known about the labels: from the candidate getter, and from `initialize`."""
        return self.candidates.rules.merge(make_rules(self.cfg["types"], self.cfg["symmetric"]))

    def add_label(self, label: str) -> int:
        """Add a label. RETURNS 0 if it is there already, else 1.

        RAISES (ValueError): If the label is not a string, is "NA", or the model's outputs are fixed already.
        """
        if not isinstance(label, str):
            raise ValueError(SpacyErrors.E187)
        if label == NA:
            raise fail(Errors.X303, name=self.name)
        if label in self.labels:
            return 0
        self._allow_extra_label()
        self.cfg["labels"].append(label)
        self.vocab.strings.add(label)
        return 1

    def _allow_extra_label(self) -> None:
        if self.model.has_dim("nO"):
            raise ValueError(SpacyErrors.E922.format(name=self.name, nO=self.model.get_dim("nO")))

    @property
    def _n_outputs(self) -> int:
        return len(self.labels) + (1 if self.cfg["exclusive"] and self.labels else 0)

    def get_candidates(self, docs: Sequence[Doc], entities: Sequence[Sequence[Entity]]) -> List[DocPairs]:
        """Return the candidate pairs among the given entities of each Doc."""
        return self.candidates(docs, entities, self.labels, self.rules)

    def predict(self, docs: Iterable[Doc]) -> Prediction:
        """Score the candidates of a batch without changing the Docs.

        docs (Iterable[Doc]): Docs with entities.
        RETURNS (Tuple[List[DocPairs], Floats2d]): The candidates, and one score per candidate and label in [0, 1],
            shape (n_pairs, n_labels), on the CPU.
        RAISES (XlreError): If the model listens to a component that has not run.
        """
        docs = list(docs)
        check_listeners(self.name, self.model, docs)
        pairs = self.get_candidates(docs, [entities_of(doc) for doc in docs])
        # Docs without candidates need no token vectors: predictions are read off each Doc, not off the batch.
        chosen = [index for index, doc_pairs in enumerate(pairs) if len(doc_pairs)] if self.labels else []
        if not chosen:
            return pairs, np.zeros((sum(map(len, pairs)), len(self.labels)), dtype="float32")
        logits = self.model.predict(([docs[index] for index in chosen], [pairs[index] for index in chosen]))
        return pairs, self._scores(self.model.ops.to_numpy(logits))

    def _scores(self, logits: Floats2d) -> Floats2d:
        if self.cfg["exclusive"]:
            logits = logits[:, :-1] - logits[:, -1:]
        logits = logits + np.array([self.cfg["offsets"].get(label, 0.0) for label in self.labels], dtype="float32")
        return 1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0)))

    def set_annotations(self, docs: Iterable[Doc], scores: Prediction) -> None:
        """Set the relations of a batch of Docs, replacing those they have.

        docs (Iterable[Doc]): The Docs.
        scores (Tuple[List[DocPairs], Floats2d]): What `predict` returned for them.
        """
        pairs, probs = scores
        positive = probs >= self.cfg["threshold"]
        if len(pairs):
            positive &= np.concatenate([doc_pairs.allowed for doc_pairs in pairs])
        if self.cfg["exclusive"] and self.labels:
            best = np.zeros_like(positive)
            best[np.arange(len(probs)), probs.argmax(axis=1)] = True
            positive &= best
        offset = 0
        for doc, doc_pairs in zip(docs, pairs):
            rows, columns = np.nonzero(positive[offset : offset + len(doc_pairs)])
            set_relations(doc, self._relations(doc, doc_pairs, rows, columns, probs[offset + rows, columns]))
            offset += len(doc_pairs)

    def _relations(
        self, doc: Doc, pairs: DocPairs, rows: IntArray, columns: IntArray, scores: Floats2d
    ) -> List[Relation]:
        ents: Dict[int, Span] = {ent.start: ent for ent in doc.ents} if len(rows) else {}
        starts = pairs.spans[:, 0]
        return [
            Relation(
                ents[int(starts[pairs.heads[row]])],
                self.labels[column],
                ents[int(starts[pairs.tails[row]])],
                score=float(score),
            )
            for row, column, score in zip(rows, columns, scores)
        ]

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Union[Optimizer, bool, None] = None,
        losses: Optional[Dict[str, float]] = None,
    ) -> Dict[str, float]:
        """Learn from a batch of examples.

        examples (Iterable[Example]): The references hold entities and relations.
        drop (float): The dropout rate.
        sgd (Optimizer): Steps if given; with None or False the gradients are kept for `finish_update`.
        losses (Dict[str, float]): The loss is added under the component's name.
        RETURNS (Dict[str, float]): The losses.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "RelationExtractor.update")
        docs = [eg.predicted for eg in examples]
        if not any(len(doc) for doc in docs):
            return losses
        set_dropout_rate(self.model, drop)
        pairs = self._training_candidates(examples)
        # Without a candidate the model still runs and backpropagates zeros: the last listener of a shared encoder
        # is the one that carries everybody's gradients.
        logits, backprop = self.model.begin_update((docs, pairs))
        loss, d_logits = self.get_loss(examples, (pairs, logits))
        backprop(d_logits)
        if sgd not in (None, False):
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def _training_candidates(self, examples: Sequence[Example]) -> List[DocPairs]:
        docs = [eg.predicted for eg in examples]
        if self.cfg["use_gold_ents"]:
            return self.get_candidates(docs, [gold_entities(eg) for eg in examples])
        return self.get_candidates(docs, [entities_of(doc) for doc in docs])

    def get_loss(self, examples: Iterable[Example], scores: Prediction) -> Tuple[float, Floats2d]:
        """Compare logits with the references.

        examples (Iterable[Example]): The examples.
        scores (Tuple[List[DocPairs], Floats2d]): The candidates and the model's logits.
        RETURNS (Tuple[float, Floats2d]): The loss, a sum over pairs, and the gradient of the logits.
        """
        examples = list(examples)
        validate_examples(examples, "RelationExtractor.get_loss")
        pairs, logits = scores
        if logits.size == 0:
            return 0.0, logits
        targets = make_targets(
            examples,
            pairs,
            self.labels,
            exclusive=self.cfg["exclusive"],
            symmetric=self.rules.symmetric,
            na_weight=self.cfg["na_weight"],
        )
        asarray = self.model.ops.asarray2f
        return self.loss(logits, asarray(targets.targets), asarray(targets.weights))

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        labels: Optional[Sequence[str]] = None,
        types: Optional[Mapping[str, Mapping[str, Sequence[str]]]] = None,
        symmetric: Optional[Sequence[str]] = None,
    ) -> None:
        """Prepare the model for training.

        get_examples (Callable[[], Iterable[Example]]): Gives examples; all are read for labels, ten for shapes.
        nlp (Optional[Language]): The pipeline.
        labels (Optional[Sequence[str]]): The labels; by default those of the examples' relations.
        types (Optional[Mapping]): Allowed types by label, as in `spacy_xlre.candidates.v1`, kept with the component.
        symmetric (Optional[Sequence[str]]): Symmetric labels, likewise.
        """
        validate_get_examples(get_examples, "RelationExtractor.initialize")
        if types is not None:
            make_rules(types, ())
            self.cfg["types"] = {
                label: {side: sorted(names) for side, names in sides.items()} for label, sides in types.items()
            }
        self.cfg["symmetric"] = sorted(self.candidates.rules.symmetric.union(symmetric or ()))
        if labels is None:
            found = {relation.label for eg in get_examples() for relation in get_relations(eg.reference)}
            labels = sorted(found - {NA})
        for label in labels:
            self.add_label(label)
        docs = [eg.x for eg in islice(get_examples(), 10)]
        empty = self.candidates(docs, [[] for _ in docs], self.labels, self.rules)
        sample = self.model.ops.alloc2f(1, self._n_outputs)
        self.model.initialize(X=(docs, empty) if docs else None, Y=sample)

    def score(self, examples: Iterable[Example], **kwargs: Any) -> Dict[str, Any]:
        """Score predictions; the scorer also learns which pairs were candidates.

        examples (Iterable[Example]): Examples with predictions.
        RETURNS (Dict[str, Any]): See `spacy_xlre.relation_scorer.v1`.
        """
        examples = list(examples)
        docs = [eg.predicted for eg in examples]
        pairs = self.get_candidates(docs, [entities_of(doc) for doc in docs])
        kwargs.setdefault("candidates", [set(doc_pairs.keys()) for doc_pairs in pairs])
        return super().score(examples, **kwargs)
