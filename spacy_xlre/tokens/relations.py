"""Relations on a Doc, kept in `doc.spans["xlre"]` so that every spaCy serialisation carries them.

The group holds each argument span once. Its `attrs`, all plain lists and strings, hold:

    relations   [[head index, tail index, label, score], …]
    weight      one training weight in [0, 1] per relation
    source      one word per relation that says where it comes from
    bag         one name per relation: the entity pair it is about
    na          [[head index, tail index, weight], …]  pairs known to hold no relation, with how well that is known
    unknown     [[head index, tail index], …]  pairs that must count neither as a relation nor as NA
    lang        the Doc's language code
    bitext      the id of the bitext that the Doc comes from
"""

from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

from spacy.tokens import Doc, Span, SpanGroup

from ..errors import Errors, fail
from .spans import read_spans

GROUP = "xlre"
NA = "NA"

SpanKey = Tuple[int, int, int, int]


@dataclass(frozen=True)
class Relation:
    """A directed, labelled pair of spans of one Doc.

    head, tail (Span): The arguments; an entity id, where known, is the span's `kb_id_`.
    label (str): The relation, for example "P19".
    score (float): The model's confidence, or 1.0 for an annotation.
    weight (float): How much the relation counts in training, in [0, 1].
    source (str): Where the label comes from, for example "gold" or "agreed:3/5".
    bag (str): The entity pair it is about, for example "Q1|Q2"; empty if unknown.
    """

    head: Span
    label: str
    tail: Span
    score: float = 1.0
    weight: float = 1.0
    source: str = ""
    bag: str = ""


@dataclass(frozen=True)
class PairNegative:
    """A directed pair of spans that holds no relation, with a weight in [0, 1] that says how well this is known."""

    head: Span
    tail: Span
    weight: float = 1.0


Annotations = Tuple[List[Relation], List[PairNegative], List[Tuple[Span, Span]]]


def set_relations(
    doc: Doc,
    relations: Iterable[Relation],
    *,
    negatives: Iterable[PairNegative] = (),
    unknown: Iterable[Tuple[Span, Span]] = (),
) -> None:
    """Replace the relations of a Doc.

    doc (Doc): The Doc to annotate; its language and bitext id are kept.
    relations (Iterable[Relation]): Relations between spans of that Doc.
    negatives (Iterable[PairNegative]): Pairs that hold no relation. A pair that is named nowhere is NA of weight 1.
    unknown (Iterable[Tuple[Span, Span]]): Pairs that nobody can judge; they count neither way.
    RAISES (XlreError): If a span is from another Doc.
    """
    spans: List[Span] = []
    index_of: Dict[SpanKey, int] = {}

    def index(span: Span, role: str) -> int:
        if span.doc is not doc:
            raise fail(Errors.X003, role=role, start=span.start, end=span.end)
        key = (span.start, span.end, span.label, span.kb_id)
        if key not in index_of:
            index_of[key] = len(spans)
            spans.append(span)
        return index_of[key]

    relations = list(relations)
    attrs: Dict[str, Any] = {
        "relations": [[index(r.head, "head"), index(r.tail, "tail"), r.label, float(r.score)] for r in relations],
        "weight": [float(r.weight) for r in relations],
        "source": [r.source for r in relations],
        "bag": [r.bag for r in relations],
        "na": [[index(n.head, "head"), index(n.tail, "tail"), float(n.weight)] for n in negatives],
        "unknown": [[index(head, "head"), index(tail, "tail")] for head, tail in unknown],
    }
    for relation in relations:
        doc.vocab.strings.add(relation.label)
    _replace_group(doc, spans, {**_identity(doc), **attrs})


def get_relations(doc: Doc) -> List[Relation]:
    """Return the relations of a Doc in the order in which they were set; an empty list if there are none."""
    group = _group(doc)
    if group is None:
        return []
    spans = read_spans(doc, GROUP)
    rows = group.attrs.get("relations", [])
    extras = [_parallel(group, name, len(rows), default) for name, default in _PARALLEL]
    return [
        Relation(spans[head], str(label), spans[tail], float(score), float(weight), str(source), str(bag))
        for (head, tail, label, score), weight, source, bag in zip(rows, *extras)
    ]


def get_negatives(doc: Doc) -> List[PairNegative]:
    """Return the pairs of a Doc that are marked as holding no relation, with their weights."""
    group = _group(doc)
    if group is None:
        return []
    spans = read_spans(doc, GROUP)
    return [PairNegative(spans[head], spans[tail], float(w)) for head, tail, w in group.attrs.get("na", [])]


def get_unknown(doc: Doc) -> List[Tuple[Span, Span]]:
    """Return the (head, tail) pairs of a Doc that count neither as a relation nor as NA."""
    group = _group(doc)
    if group is None:
        return []
    spans = read_spans(doc, GROUP)
    return [(spans[head], spans[tail]) for head, tail in group.attrs.get("unknown", [])]


def move_relations(doc: Doc, move: Callable[[Span], Optional[Span]]) -> Annotations:
    """Carry all that `set_relations` takes to another Doc.

    doc (Doc): The Doc to read.
    move (Callable[[Span], Optional[Span]]): From an argument to its place in the other Doc; None if it has none.
    RETURNS (Tuple[List[Relation], List[PairNegative], List[Tuple[Span, Span]]]): Relations, negatives and unknown
        pairs, without those whose arguments have no place.
    """
    relations: List[Relation] = []
    negatives: List[PairNegative] = []
    unknown: List[Tuple[Span, Span]] = []
    for relation in get_relations(doc):
        head, tail = move(relation.head), move(relation.tail)
        if head is not None and tail is not None:
            relations.append(replace(relation, head=head, tail=tail))
    for negative in get_negatives(doc):
        head, tail = move(negative.head), move(negative.tail)
        if head is not None and tail is not None:
            negatives.append(PairNegative(head, tail, negative.weight))
    for pair in get_unknown(doc):
        head, tail = move(pair[0]), move(pair[1])
        if head is not None and tail is not None:
            unknown.append((head, tail))
    return relations, negatives, unknown


def set_language(doc: Doc, lang: str, *, bitext: Optional[str] = None) -> None:
    """Record the language of a Doc on the Doc itself, as DocBin forgets it, and the bitext it was cut from."""
    group = _group(doc)
    attrs = dict(group.attrs) if group is not None else {}
    attrs["lang"] = lang
    if bitext is not None:
        attrs["bitext"] = bitext
    _replace_group(doc, read_spans(doc, GROUP), attrs)


def get_language(doc: Doc) -> str:
    """Return the recorded language code of a Doc, or its vocabulary's where none was recorded."""
    return _identity(doc).get("lang") or doc.vocab.lang


def set_bitext_id(doc: Doc, bitext: str) -> None:
    """Record the id of a bitext on the bitext itself, or on a Doc that was cut from it."""
    set_language(doc, get_language(doc), bitext=bitext)


def get_bitext_id(doc: Doc) -> str:
    """Return the recorded id of the bitext that a Doc is, or was cut from; an empty string if there is none."""
    return _identity(doc).get("bitext", "")


_PARALLEL: Sequence[Tuple[str, Any]] = (("weight", 1.0), ("source", ""), ("bag", ""))


def _group(doc: Doc) -> Optional[SpanGroup]:
    return doc.spans.get(GROUP)


def _identity(doc: Doc) -> Dict[str, str]:
    group = _group(doc)
    return {name: group.attrs[name] for name in ("lang", "bitext") if name in group.attrs} if group is not None else {}


def _parallel(group: SpanGroup, name: str, length: int, default: Any) -> List[Any]:
    values = list(group.attrs.get(name, ()))
    return values if len(values) == length else [default] * length


def _replace_group(doc: Doc, spans: List[Span], attrs: Dict[str, Any]) -> None:
    doc.spans[GROUP] = SpanGroup(doc, name=GROUP, attrs=attrs, spans=spans)
