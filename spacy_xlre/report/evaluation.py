"""Evaluating a pipeline on gold Docs: by language, with gold entities and end to end."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

from spacy.language import Language
from spacy.tokens import Doc, Span

from ..labeling.quality import trap_items
from ..ml.relations.pairs import DocPairs
from ..pipeline.pretrained import find_component
from ..pipeline.relation import RelationExtractor
from ..pipeline.targets import entities_of
from ..scoring.relations import (
    Counts,
    PairItem,
    RelationItem,
    candidate_recall,
    count,
    count_by,
    judged,
    macro_f1,
    precision_at,
    precision_recall_area,
    read_items,
    read_unknown,
    with_na,
)
from ..tokens import get_bitext_id, get_language
from .tables import Table

# What identifies an evaluated Doc: the id of its bitext, its language, and its place among all.
DocKey = Tuple[str, str, int]
POOLED = "all"
# The numbers of best predictions whose precision is reported.
BEST = (100, 200, 300)
Progress = Callable[[Sequence[Doc]], Iterable[Doc]]


@dataclass
class Evaluation:
    """What a pipeline found in gold Docs, and what there was to find; all sets of items.

    gold, predicted (Set[RelationItem]): Relations.
    scores (Dict[RelationItem, float]): The scores of all that could be predicted, also below the threshold.
    candidates (Set[PairItem]): Pairs that the component looked at.
    left_out (int): Pairs beyond the budget of candidates of a Doc.
    traps (Set[RelationItem]): Facts that are true but not stated.
    gold_entities, entities (Dict[str, set]): Entities by language.
    """

    gold: Set[RelationItem] = field(default_factory=set)
    predicted: Set[RelationItem] = field(default_factory=set)
    scores: Dict[RelationItem, float] = field(default_factory=dict)
    candidates: Set[PairItem] = field(default_factory=set)
    left_out: int = 0
    traps: Set[RelationItem] = field(default_factory=set)
    gold_entities: Dict[str, set] = field(default_factory=dict)
    entities: Dict[str, set] = field(default_factory=dict)

    @property
    def languages(self) -> List[str]:
        """The language codes, sorted."""
        return sorted(self.gold_entities)

    def counts(self) -> Dict[str, Counts]:
        """Count relations by language and pooled."""
        by_language = count_by(self.gold, self.predicted, lambda item: _language(item.doc))
        return {**{lang: by_language.get(lang, Counts()) for lang in self.languages}, POOLED: self._pooled()}

    def entity_counts(self) -> Dict[str, Counts]:
        """Count entities (span and type) by language and pooled."""
        parts = {lang: count(self.gold_entities[lang], self.entities[lang]) for lang in self.languages}
        parts[POOLED] = Counts(*(sum(getattr(c, name) for c in parts.values()) for name in ("tp", "fp", "fn")))
        return parts

    def by_label(self) -> Dict[str, Counts]:
        """Count relations by label."""
        return count_by(self.gold, self.predicted, lambda item: item.label)

    def trap_rate(self) -> Optional[float]:
        """Return the share of the traps that were predicted, or None if the gold Docs mark none."""
        return len(self.traps & self.predicted) / len(self.traps) if self.traps else None

    def _pooled(self) -> Counts:
        return count(self.gold, self.predicted)


def evaluate_pipeline(
    nlp: Language, gold: Sequence[Doc], *, gold_entities: bool, progress: Progress = lambda docs: docs
) -> Evaluation:
    """Run a pipeline on the texts of gold Docs and collect what it finds.

    nlp (Language): A pipeline with an `xlre_relation` component.
    gold (Sequence[Doc]): Docs with entities and relations, tokenised as the pipeline does.
    gold_entities (bool): Give the component the gold entities and skip `ner`; otherwise run end to end.
    progress (Callable): Wraps the Docs to show progress.
    RETURNS (Evaluation): Items, by which all metrics are computed, without the pairs that are unknown in gold Docs.
    RAISES (XlreError): If the pipeline has no relation component.
    """
    relation: RelationExtractor = find_component(nlp)
    directions = relation.rules.directions
    threshold = relation.cfg["threshold"]
    result = Evaluation()
    disabled = ["ner"] if gold_entities and "ner" in nlp.pipe_names else []
    with nlp.select_pipes(disable=disabled), _threshold(relation, 0.0):
        for number, reference in enumerate(progress(gold)):
            key = get_bitext_id(reference), get_language(reference), number
            unknown = read_unknown(reference, key)
            doc = nlp(_with_entities(nlp, reference) if gold_entities else nlp.make_doc(reference.text))
            truth = set(read_items(reference, key, directions))
            found = judged(read_items(doc, key, directions), unknown, directions.symmetric)
            result.gold |= truth
            result.predicted |= {item for item, score in found.items() if score >= threshold}
            result.scores.update(found)
            result.traps |= trap_items(reference, key) - truth
            (pairs,) = relation.get_candidates([doc], [entities_of(doc)])
            result.candidates |= set(_candidates(pairs, doc, key)) - unknown
            result.left_out += pairs.n_left_out
            for side, source in ((result.gold_entities, reference), (result.entities, doc)):
                side.setdefault(key[1], set()).update((key, e.start_char, e.end_char, e.label_) for e in source.ents)
    return result


def evaluation_tables(with_gold: Evaluation, end_to_end: Optional[Evaluation]) -> List[Table]:
    """Lay the results out: one table by language, one by label."""
    columns = ["language", "P", "R", "F1", "candidate recall", "traps predicted"]
    rows: List[List[Any]] = []
    counts = with_gold.counts()
    own = end_to_end.counts() if end_to_end is not None else {}
    entities = end_to_end.entity_counts() if end_to_end is not None else {}
    if end_to_end is not None:
        columns += ["end to end P", "end to end R", "end to end F1", "entity F1"]
    for lang, found in counts.items():
        gold = {item for item in with_gold.gold if lang in (POOLED, _language(item.doc))}
        traps = {item for item in with_gold.traps if lang in (POOLED, _language(item.doc))}
        trapped = len(traps & with_gold.predicted) / len(traps) if traps else None
        row: List[Any] = [
            lang,
            found.precision,
            found.recall,
            found.f1,
            candidate_recall(gold, with_gold.candidates),
            trapped,
        ]
        if end_to_end is not None:
            row += [own[lang].precision, own[lang].recall, own[lang].f1, entities[lang].f1]
        rows.append(row)
    by_label: List[List[Any]] = [
        [label, c.precision, c.recall, c.f1, c.tp + c.fn] for label, c in with_gold.by_label().items()
    ]
    return [
        Table("Relations by language", columns, rows, "P, R, F1 and candidate recall with gold entities."),
        Table("Relations by label, gold entities", ["label", "P", "R", "F1", "gold"], by_label),
    ]


def evaluation_data(evaluation: Evaluation) -> Dict[str, Any]:
    """Return all figures of an evaluation as plain data."""
    counts = evaluation.counts()
    pairs = evaluation.candidates | {item.pair for item in evaluation.gold}
    everything = with_na(evaluation.gold, pairs), with_na(evaluation.predicted, pairs)
    na = count(*everything)
    return {
        "languages": {lang: _figures(found) for lang, found in counts.items()},
        "labels": {label: _figures(found) for label, found in evaluation.by_label().items()},
        "macro_f": macro_f1(evaluation.by_label()),
        "with_na": {**_figures(na), "macro_f": macro_f1(count_by(*everything, lambda item: item.label))},
        "candidate_recall": candidate_recall(evaluation.gold, evaluation.candidates),
        "candidates": len(evaluation.candidates),
        "candidates_left_out": evaluation.left_out,
        "precision_recall_area": precision_recall_area(evaluation.gold, evaluation.scores),
        "precision_at": {str(n): precision_at(evaluation.gold, evaluation.scores, n) for n in BEST},
        "trap_rate": evaluation.trap_rate(),
        "entities": {lang: _figures(found) for lang, found in evaluation.entity_counts().items()},
    }


def _figures(counts: Counts) -> Dict[str, float]:
    return {
        "p": counts.precision,
        "r": counts.recall,
        "f": counts.f1,
        "right": counts.tp,
        "wrong": counts.fp,
        "missed": counts.fn,
    }


@contextmanager
def _threshold(relation: RelationExtractor, value: float) -> Iterator[None]:
    before, relation.cfg["threshold"] = relation.cfg["threshold"], value
    try:
        yield
    finally:
        relation.cfg["threshold"] = before


def _language(key: Any) -> str:
    return key[1]


def _with_entities(nlp: Language, reference: Doc) -> Doc:
    doc = nlp.make_doc(reference.text)
    spans = [doc.char_span(e.start_char, e.end_char, e.label_, e.kb_id_, "expand") for e in reference.ents]
    doc.set_ents([span for span in spans if span is not None])
    return doc


def _candidates(pairs: DocPairs, doc: Doc, key: DocKey) -> Iterator[PairItem]:
    for head_start, head_end, tail_start, tail_end in sorted(set(pairs.keys())):
        head, tail = Span(doc, head_start, head_end), Span(doc, tail_start, tail_end)
        yield key, (head.start_char, head.end_char), (tail.start_char, tail.end_char)
