"""`xlre_relation`: finds the relations between the entities of a Doc."""

from itertools import islice
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Optimizer, set_dropout_rate
from thinc.types import Floats2d

from ..errors import Errors, fail
from ..ml.relations.adversary import find_adversaries, watched
from ..ml.relations.both_directions import join_directions, reversed_pairs
from ..ml.relations.classifier import begin_with_probabilities
from ..ml.relations.consistency import symmetric_divergence
from ..ml.relations.losses import Loss, create_binary_cross_entropy, create_cross_entropy
from ..ml.relations.model import RelationModel
from ..ml.relations.pairs import DocPairs, split_batch
from ..tokens import NA, get_relations, set_relations
from .candidates import CandidateGetter, Entity, LabelRules, make_rules
from .decisions import choose, label_scores, make_relations
from .listeners import check_listeners
from .parallel_pairs import bag_numbers, translated_pairs
from .pretrained import load_component, take_over
from .targets import Targets, entities_of, gold_entities, label_frequencies, make_targets

Scorer = Callable[..., Dict[str, Any]]
Prediction = Tuple[List[DocPairs], Floats2d]

# Pairs that are scored at a time, or those of one Doc: a batch of long Docs may have many.
AT_ONCE = 4096
# How many examples tell how frequent independent labels are.
COUNTED = 1000


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
    one_direction (bool): Whether two entities have at most one label in exclusive mode, whichever of them is the head:
        both directions are then one distribution in training, and the better one is kept. For data that say so, such
        as sentences with one relation each.
    threshold (float): The least score of a relation, in [0, 1]. In exclusive mode 0.5 means: likelier than NA.
    offsets (Dict[str, float]): Added to the logits of single labels before scoring, to calibrate them.
    na_weight (float): Factor on the training weights of pairs without a relation.
    label_weights (Dict[str, float]): Factors on the training weights of pairs with single labels, such as rare ones.
    use_gold_ents (bool): Whether training pairs the reference's entities, so that it needs no predicted ones, or
        the predicted Doc's.
    adversarial (float): How far each text's input vectors are moved, along the gradient of the loss, for a second pass
        over each training batch, which makes training twice as long. 0 for none. What is moved are the embeddings of
        a marker transformer, and the token vectors that a shared encoder gives.
    consistency (float): How much it costs if the predictions for a pair and for the same pair (by its entities' ids) in
        a translation (by the bitext's id) differ: a factor on their symmetric KL divergence, times the lesser of both
        pairs' weights. 0 for none. Use `spacy_xlre.batch_by_bag.v1`, so that translations are in one batch.
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
        one_direction: bool = False,
        threshold: float = 0.5,
        offsets: Optional[Mapping[str, float]] = None,
        na_weight: float = 1.0,
        label_weights: Optional[Mapping[str, float]] = None,
        use_gold_ents: bool = True,
        adversarial: float = 0.0,
        consistency: float = 0.0,
        loss: Optional[Loss] = None,
        scorer: Optional[Scorer] = None,
    ) -> None:
        if not 0.0 <= threshold <= 1.0:
            raise fail(Errors.X302, name=name, threshold=threshold)
        if loss is not None and loss.exclusive != exclusive:
            raise fail(Errors.X306, name=name, loss=type(loss).__name__, exclusive=str(exclusive).lower())
        if one_direction and (not exclusive or (loss is not None and loss.by_bag)):
            raise fail(Errors.X317, name=name)
        self.vocab = vocab
        self.model = model
        self.name = name
        self.candidates = candidates
        self.loss = loss or (create_cross_entropy() if exclusive else create_binary_cross_entropy())
        self.scorer = scorer
        self.cfg: Dict[str, Any] = {
            "labels": [],
            "exclusive": exclusive,
            "one_direction": one_direction,
            "threshold": threshold,
            "offsets": dict(offsets or {}),
            "na_weight": na_weight,
            "label_weights": dict(label_weights or {}),
            "use_gold_ents": use_gold_ents,
            "adversarial": adversarial,
            "consistency": consistency,
            "types": {},
            "symmetric": sorted(candidates.rules.symmetric),
            "inverse": dict(candidates.rules.directions.inverse),
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
        return self.candidates.rules.merge(make_rules(self.cfg["types"], self.cfg["symmetric"], self.cfg["inverse"]))

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
    def outputs(self) -> Tuple[str, ...]:
        """What the model's outputs stand for."""
        return (*self.labels, NA) if self.cfg["exclusive"] and self.labels else self.labels

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
        parts = list(split_batch(pairs, AT_ONCE)) if self.labels else []
        if not parts:
            return pairs, np.zeros((sum(map(len, pairs)), len(self.labels)), dtype="float32")
        inputs = (([docs[index] for index in part], [pairs[index] for index in part]) for part in parts)
        logits = np.concatenate([self.model.ops.to_numpy(self.model.predict(own)) for own in inputs])
        exclusive, offsets = self.cfg["exclusive"], self.cfg["offsets"]
        return pairs, label_scores(logits, self.labels, exclusive=exclusive, offsets=offsets)

    def set_annotations(self, docs: Iterable[Doc], scores: Prediction) -> None:
        """Set the relations of a batch of Docs, replacing those they have.

        docs (Iterable[Doc]): The Docs.
        scores (Tuple[List[DocPairs], Floats2d]): What `predict` returned for them.
        """
        pairs, probs = scores
        rules = {key: self.cfg[key] for key in ("threshold", "exclusive", "one_direction")}
        chosen = choose(probs, pairs, **rules)
        offset = 0
        for doc, doc_pairs in zip(docs, pairs):
            rows = slice(offset, offset + len(doc_pairs))
            set_relations(doc, make_relations(doc, doc_pairs, chosen[rows], probs[rows], self.labels))
            offset += len(doc_pairs)

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
        epsilon = self.cfg["adversarial"]
        adversaries = find_adversaries(self.name, self.model) if epsilon else []
        with watched(adversaries):
            loss = self._learn(examples, pairs)
            for adversary in adversaries:
                adversary.attack(epsilon)
            if adversaries:
                self._learn(examples, pairs)
        if sgd not in (None, False):
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def _learn(self, examples: Sequence[Example], pairs: List[DocPairs]) -> float:
        """Add the gradients of one pass, and return its loss.

        Without a candidate the model still runs and backpropagates zeros: the last listener of a shared encoder is the
        one that carries everybody's gradients.
        """
        logits, backprop = self.model.begin_update(([eg.predicted for eg in examples], pairs))
        loss, d_logits = self.get_loss(examples, (pairs, logits))
        backprop(d_logits)
        return loss

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
        targets = self._targets(examples, pairs)
        loss, d_logits = self._compare(logits, targets, examples, pairs)
        if self.cfg["consistency"]:
            first, second = translated_pairs(examples, pairs)
            best = targets.weights.max(axis=1)
            weights = self.cfg["consistency"] * np.minimum(best[first], best[second])
            rows = (first, second, self.model.ops.asarray1f(weights))
            divergence, d_divergence = symmetric_divergence(logits, *rows, exclusive=self.cfg["exclusive"])
            loss, d_logits = loss + divergence, d_logits + d_divergence
        return loss, d_logits

    def _targets(self, examples: Sequence[Example], pairs: Sequence[DocPairs]) -> Targets:
        return make_targets(
            examples,
            pairs,
            self.labels,
            exclusive=self.cfg["exclusive"],
            directions=self.rules.directions,
            na_weight=self.cfg["na_weight"],
            label_weights=self.cfg["label_weights"],
        )

    def _compare(
        self, logits: Floats2d, targets: Targets, examples: Sequence[Example], pairs: Sequence[DocPairs]
    ) -> Tuple[float, Floats2d]:
        """Return the loss and its gradient, of each pair, of both its directions joined, or of whole bags."""
        asarray = self.model.ops.asarray2f
        wanted, weights = asarray(targets.targets), asarray(targets.weights)
        if self.cfg["one_direction"]:
            joined = join_directions(logits, wanted, weights, reversed_pairs(pairs))
            loss, gradient = self.loss(joined.logits, joined.targets, joined.weights)
            return loss, joined.split(gradient, logits.shape)
        bags = [bag_numbers(examples, pairs)] if self.loss.by_bag else []
        return self.loss(logits, wanted, weights, *bags)

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        labels: Optional[Sequence[str]] = None,
        types: Optional[Mapping[str, Mapping[str, Sequence[str]]]] = None,
        symmetric: Optional[Sequence[str]] = None,
        inverse: Optional[Mapping[str, str]] = None,
        pretrained: Optional[str] = None,
    ) -> None:
        """Prepare the model for training.

        get_examples (Callable[[], Iterable[Example]]): Gives examples; all are read for labels, ten for shapes, and a
            thousand for the frequencies of independent labels, which are the scores that the model begins with.
        nlp (Optional[Language]): The pipeline.
        labels (Optional[Sequence[str]]): The labels; by default those of the examples' relations.
        types (Optional[Mapping]): Allowed types by label, as in `spacy_xlre.candidates.v1`, kept with the component.
        symmetric (Optional[Sequence[str]]): Symmetric labels, likewise.
        inverse (Optional[Mapping[str, str]]): Labels that another one replaces, likewise.
        pretrained (Optional[str]): A trained pipeline with a component of this name and model, whose weights this one
            begins with. Its labels may be others: outputs of labels that only this one has begin anew. A shared encoder
            is not the component's own: take it over with `source`, as in any spaCy pipeline.
        """
        validate_get_examples(get_examples, "RelationExtractor.initialize")
        self._check_batches(nlp)
        if types is not None:
            make_rules(types, (), {})
            self.cfg["types"] = {
                label: {side: sorted(names) for side, names in sides.items()} for label, sides in types.items()
            }
        self.cfg["symmetric"] = sorted(self.candidates.rules.symmetric.union(symmetric or ()))
        self.cfg["inverse"] = {**self.candidates.rules.directions.inverse, **(inverse or {})}
        directions = self.rules.directions
        if labels is None:
            found = {relation.label for eg in get_examples() for relation in get_relations(eg.reference)}
            labels = sorted({directions.canonical(label, True)[0] for label in found} - {NA})
        for label in labels:
            self.add_label(label)
        docs = [eg.x for eg in islice(get_examples(), 10)]
        empty = self.candidates(docs, [[] for _ in docs], self.labels, self.rules)
        sample = self.model.ops.alloc2f(1, len(self.outputs))
        self.model.initialize(X=(docs, empty) if docs else None, Y=sample)
        if not self.cfg["exclusive"]:
            # One by one, as an example may have many pairs.
            counted = (
                self._targets([eg], self.get_candidates([eg.predicted], [gold_entities(eg)]))
                for eg in islice(get_examples(), COUNTED)
            )
            begin_with_probabilities(self.model, self.model.ops.asarray1f(label_frequencies(counted, len(self.labels))))
        if pretrained is not None:
            trained = load_component(pretrained, self.name)
            take_over(self.model, self.outputs, trained.model, trained.outputs, self.name)

    def _check_batches(self, nlp: Optional[Language]) -> None:
        """Refuse to split batches whose pairs belong together."""
        together = self.loss.by_bag or self.cfg["consistency"]
        parts = nlp.config["training"].get("accumulate_gradient", 1) if nlp is not None else 1
        if together and parts != 1:
            raise fail(Errors.X309, name=self.name, parts=parts)

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
