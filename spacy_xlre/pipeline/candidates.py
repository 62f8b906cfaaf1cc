"""Which ordered pairs of entities may hold a relation, and which labels are possible for each."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Dict, FrozenSet, Iterable, List, Mapping, NamedTuple, Protocol, Sequence, Tuple, runtime_checkable

import numpy as np
from spacy.strings import get_string_id
from spacy.tokens import Doc

from ..errors import Errors, fail
from ..ml.relations.pairs import BoolArray, DocPairs, IntArray, KeyArray
from ..tokens.bitext import get_segments, is_bitext
from ..tokens.directions import Directions

# Contexts begin and end at multiples of this, so that pairs of a text without sentence boundaries share windows.
_STEP = 16


class Entity(NamedTuple):
    """An argument that a candidate may have: a half-open token range and a label, which may be empty."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class LabelRules:
    """What is known about labels before any text is read.

    types (Dict[str, Tuple[FrozenSet[str], FrozenSet[str]]]): Allowed head and tail types by label. A label that is not
        here, and an empty set, allow every type.
    directions (Directions): Labels that are symmetric, or the inverse of another. They are annotated and predicted in
        one way only.
    """

    types: Mapping[str, Tuple[FrozenSet[str], FrozenSet[str]]] = field(default_factory=dict)
    directions: Directions = field(default_factory=Directions)

    @property
    def symmetric(self) -> FrozenSet[str]:
        """Labels that hold both ways."""
        return self.directions.symmetric

    def merge(self, other: "LabelRules") -> "LabelRules":
        """Return both rules joined; `other` wins where both name the types or the inverse of a label."""
        inverse = {**self.directions.inverse, **other.directions.inverse}
        directions = Directions(self.symmetric | other.symmetric, inverse)
        return LabelRules({**self.types, **other.types}, directions)

    def allowed(self, labels: Sequence[str], heads: KeyArray, tails: KeyArray, forward: BoolArray) -> BoolArray:
        """Tell which labels are possible for pairs of entity types.

        labels (Sequence[str]): The component's labels.
        heads, tails (KeyArray): Hashes of the types of the arguments, shape (n_pairs,). A type that no rule names is a
            wildcard. A symmetric label is possible if they fit either way round.
        forward (BoolArray): Whether the head comes first in the text, shape (n_pairs,).
        RETURNS (BoolArray): Shape (n_pairs, n_labels).
        """
        free_heads, free_tails = (~np.isin(side, self._known_types) for side in (heads, tails))
        result = np.ones((len(heads), len(labels)), dtype=bool)
        for column, label in enumerate(labels):
            if label in self._type_hashes:
                head_types, tail_types = self._type_hashes[label]
                fits = _fits(heads, free_heads, head_types) & _fits(tails, free_tails, tail_types)
                if label in self.symmetric:
                    fits |= _fits(tails, free_tails, head_types) & _fits(heads, free_heads, tail_types)
                result[:, column] = fits
            if label in self.symmetric:
                result[:, column] &= forward
        return result

    @cached_property
    def _type_hashes(self) -> Dict[str, Tuple[KeyArray, KeyArray]]:
        return {label: (_hashes(heads), _hashes(tails)) for label, (heads, tails) in self.types.items()}

    @cached_property
    def _known_types(self) -> KeyArray:
        return np.concatenate([_hashes([]), *(hashes for pair in self._type_hashes.values() for hashes in pair)])


@runtime_checkable
class CandidateGetter(Protocol):
    """What `xlre_relation` expects of its `candidates`: a callable with an attribute `rules`."""

    rules: LabelRules

    def __call__(
        self, docs: Sequence[Doc], entities: Sequence[Sequence[Entity]], labels: Sequence[str], rules: LabelRules
    ) -> List[DocPairs]:
        """Return the candidates of each Doc among the given entities."""


def create_candidates(
    max_distance: int = 128,
    sentence_window: int = 0,
    context: int = 64,
    max_pairs: int = 2000,
    types: Dict[str, Dict[str, List[str]]] = {},  # noqa: B006 (confection needs a plain default)
    symmetric: List[str] = [],  # noqa: B006
    inverse: Dict[str, str] = {},  # noqa: B006
) -> "NearbyCandidates":
    """Make the candidate getter registered as `spacy_xlre.candidates.v1`.

    max_distance (int): Most tokens between the two entities.
    sentence_window (int): Most sentences between them: 0 for the same sentence, 1 for neighbours too. It counts only
        where a Doc has sentence boundaries.
    context (int): How many tokens to the left and right of a pair the model may look at, within its sentences.
    max_pairs (int): Most ordered pairs of a Doc. The nearest are kept.
    types (Dict[str, Dict[str, List[str]]]): Allowed types by label: {"P19": {"head": ["PER"], "tail": ["LOC"]}}. A pair
        for which no label is possible is no candidate. Types that are named nowhere here are wildcards.
    symmetric (List[str]): Labels that hold both ways; a pair has them with its first entity as head only.
    inverse (Dict[str, str]): Labels that another one replaces, with head and tail exchanged: {"has part": "part of"}.
        They are neither learned nor predicted, and count as the other.
    RETURNS (NearbyCandidates): The getter.
    RAISES (XlreError): For a number out of range, or an entry of `types` with other keys than head and tail.
    """
    for name, value, least in (
        ("max_distance", max_distance, 0),
        ("sentence_window", sentence_window, 0),
        ("context", context, 0),
        ("max_pairs", max_pairs, 1),
    ):
        if value < least:
            raise fail(Errors.X300, name=name, value=value, least=least)
    rules = make_rules(types, symmetric, inverse)
    return NearbyCandidates(max_distance, sentence_window, context, max_pairs, rules)


def make_rules(
    types: Mapping[str, Mapping[str, Sequence[str]]], symmetric: Sequence[str], inverse: Mapping[str, str]
) -> LabelRules:
    """Read label rules from plain dictionaries, as a config holds them.

    RAISES (XlreError): If an entry of `types` has other keys than head and tail, or inverse labels form a chain.
    """
    for label, sides in types.items():
        if not isinstance(sides, Mapping) or not set(sides) <= {"head", "tail"}:
            raise fail(Errors.X301, label=label, found=sides)
    pairs = {label: (frozenset(s.get("head", ())), frozenset(s.get("tail", ()))) for label, s in types.items()}
    return LabelRules(pairs, Directions(frozenset(symmetric), dict(inverse)))


@dataclass(frozen=True)
class NearbyCandidates:
    """Pairs of entities that stand close together; see `create_candidates`."""

    max_distance: int
    sentence_window: int
    context: int
    max_pairs: int
    rules: LabelRules

    def __call__(
        self, docs: Sequence[Doc], entities: Sequence[Sequence[Entity]], labels: Sequence[str], rules: LabelRules
    ) -> List[DocPairs]:
        """Return the candidates of each Doc.

        docs (Sequence[Doc]): The Docs; sentence boundaries and segments are read from them.
        entities (Sequence[Sequence[Entity]]): The possible arguments of each Doc.
        labels (Sequence[str]): The component's labels, in the order of its outputs.
        rules (LabelRules): What is known about them.
        RETURNS (List[DocPairs]): One for each Doc, pairs in text order.
        """
        return [self._doc_pairs(doc, sorted(found), labels, rules) for doc, found in zip(docs, entities)]

    def _doc_pairs(self, doc: Doc, entities: List[Entity], labels: Sequence[str], rules: LabelRules) -> DocPairs:
        spans = np.array([(e.start, e.end) for e in entities], dtype="int64").reshape(-1, 2)
        types = _hashes(entity.label for entity in entities)
        blocks, sentences = _blocks(doc)
        left, right = self._neighbours(spans, blocks, sentences)
        heads, tails = np.concatenate([left, right]), np.concatenate([right, left])
        allowed = rules.allowed(labels, types[heads], types[tails], heads < tails)
        possible = np.flatnonzero(allowed.any(axis=1)) if labels else np.arange(len(heads))
        gaps = np.maximum(spans[tails, 0] - spans[heads, 1], spans[heads, 0] - spans[tails, 1])[possible]
        # Both directions of two entities stay together.
        first, second = np.minimum(heads, tails)[possible], np.maximum(heads, tails)[possible]
        nearest = possible[np.lexsort((heads[possible], second, first, gaps))]
        kept = nearest[: self.max_pairs]
        kept = kept[np.lexsort((tails[kept], heads[kept]))]
        heads, tails = heads[kept], tails[kept]
        return DocPairs(
            n_tokens=len(doc),
            spans=spans,
            types=types,
            heads=heads,
            tails=tails,
            context=self._contexts(spans, heads, tails, blocks, sentences),
            allowed=allowed[kept],
            n_left_out=len(nearest) - len(kept),
        )

    def _neighbours(self, spans: IntArray, blocks: IntArray, sentences: IntArray) -> Tuple[IntArray, IntArray]:
        """Return unordered pairs in reach, left one first, by going from each entity to its next, second next, …"""
        found = []
        for step in range(1, len(spans)):
            left, right = np.arange(len(spans) - step), np.arange(step, len(spans))
            first, second = spans[left, 1] - 1, spans[right, 0]
            near = second - first - 1 <= self.max_distance
            near &= sentences[second] - sentences[first] <= self.sentence_window
            near &= blocks[second] == blocks[first]
            if not near.any():
                break
            found.append((left[near], right[near]))
        if not found:
            return np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64")
        return np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found])

    def _contexts(
        self, spans: IntArray, heads: IntArray, tails: IntArray, blocks: IntArray, sentences: IntArray
    ) -> IntArray:
        """Return the token range around each pair, inside its sentences and its segment."""
        first = np.minimum(spans[heads, 0], spans[tails, 0])
        last = np.maximum(spans[heads, 1], spans[tails, 1]) - 1
        place = blocks * (sentences.max(initial=0) + 1) + sentences
        starts = np.searchsorted(place, place[first], side="left")
        ends = np.searchsorted(place, place[last], side="right")
        starts = np.maximum(starts, (first - self.context) // _STEP * _STEP)
        ends = np.minimum(ends, -(-(last + 1 + self.context) // _STEP) * _STEP)
        return np.stack([starts, ends], axis=1)


def _blocks(doc: Doc) -> Tuple[IntArray, IntArray]:
    """Return for each token the index of its segment and of its sentence; all 0 where the Doc has none."""
    blocks = np.zeros(len(doc), dtype="int64")
    if is_bitext(doc):
        for segment in get_segments(doc).values():
            blocks[segment.start :] += 1
    sentences = np.zeros(len(doc), dtype="int64")
    if len(doc) > 1 and doc.has_annotation("SENT_START"):
        sentences = np.cumsum(doc.to_array("SENT_START") == 1)
    return blocks, sentences


def _fits(types: KeyArray, free: BoolArray, allowed: KeyArray) -> BoolArray:
    return free | np.isin(types, allowed) if len(allowed) else np.ones_like(free)


def _hashes(names: Iterable[str]) -> KeyArray:
    return np.array([get_string_id(name) for name in names], dtype="uint64")
