"""Active learning: the pairs that a model is least sure of, as tasks for annotators, and their answers back on the
Docs.

A task asks one question: does this relation hold between these two entities, as the text says it? It is a JSON object
in the layouts of two annotation tools at once. Prodigy's relations interface reads "text", "tokens", "spans" and
"relations", and adds an "answer": accept, reject or ignore. Label Studio reads "data" and "predictions", and exports
"annotations", in which the relation was kept, given another label, or taken away.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from ..pipeline.pretrained import find_component
from ..tokens import (
    PairNegative,
    Relation,
    get_language,
    get_negatives,
    get_relations,
    get_unknown,
    set_relations,
)
from .pairs import pair_key, words_key
from .second_opinion import score_pairs

SOURCE = "annotated"
# Tokens to the left and right of a pair that are shown where a Doc has no sentence boundaries.
AROUND = 64
_LEAST = 1e-6
Range = Tuple[int, int]
Reject = Callable[[int, str, str], None]


@dataclass(frozen=True)
class Suggestion:
    """A question that would teach the model much.

    doc (int): Which Doc.
    head, tail (Range): Token ranges of the two entities.
    label (str): The likeliest relation.
    score (float): Its score.
    distance (float): How far the score is from the threshold, in logits: the nearer, the less the model knows.
    """

    doc: int
    head: Range
    tail: Range
    label: str
    score: float
    distance: float


def suggest(nlp: Language, docs: Sequence[Doc], n: int, *, per_doc: int = 3) -> List[Suggestion]:
    """Choose the pairs whose best score is nearest to the threshold.

    nlp (Language): A pipeline with an `xlre_relation` component.
    docs (Sequence[Doc]): Docs with entities. Pairs that have a relation or are marked as NA are not asked about;
        unknown ones are.
    n (int): How many.
    per_doc (int): The most of one Doc, so that different texts are asked about.
    RETURNS (List[Suggestion]): The most useful first.
    RAISES (XlreError): If the pipeline has no relation component.
    """
    threshold = _logit(find_component(nlp).cfg["threshold"])
    found: List[Suggestion] = []
    for index, (doc, scores) in enumerate(zip(docs, score_pairs(nlp, docs))):
        known = {pair_key(relation.head, relation.tail) for relation in get_relations(doc)}
        known |= {pair_key(negative.head, negative.tail) for negative in get_negatives(doc)}
        for key, by_label in scores.items():
            if key not in known and by_label:
                label = max(by_label, key=by_label.__getitem__)
                score = by_label[label]
                found.append(Suggestion(index, key[:2], key[2:], label, score, abs(float(_logit(score) - threshold))))
    chosen: List[Suggestion] = []
    taken: Counter = Counter()
    for suggestion in sorted(found, key=lambda s: (s.distance, s.doc, s.head, s.tail)):
        if len(chosen) < n and taken[suggestion.doc] < per_doc:
            taken[suggestion.doc] += 1
            chosen.append(suggestion)
    return chosen


def make_task(doc: Doc, suggestion: Suggestion) -> Dict[str, Any]:
    """Write a question about a Doc as a task; the text is that of the sentences of both entities."""
    head, tail = doc[slice(*suggestion.head)], doc[slice(*suggestion.tail)]
    start, end = min(head.start, tail.start), max(head.end, tail.end)
    if len(doc) > 1 and doc.has_annotation("SENT_START"):
        start, end = doc[start].sent.start, doc[end - 1].sent.end
    else:
        start, end = max(0, start - AROUND), min(len(doc), end + AROUND)
    part = doc[start:end]
    spans = [_span(part, entity) for entity in (head, tail)]
    regions = [
        {
            "id": name,
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {"start": span["start"], "end": span["end"], "text": entity.text, "labels": [span["label"]]},
        }
        for name, span, entity in zip(("head", "tail"), spans, (head, tail))
    ]
    link = {"from_id": "head", "to_id": "tail", "type": "relation", "direction": "right", "labels": [suggestion.label]}
    return {
        "text": part.text,
        "tokens": [
            {
                "text": token.text,
                "start": token.idx - part.start_char,
                "end": token.idx - part.start_char + len(token),
                "id": token.i - start,
                "ws": bool(token.whitespace_),
            }
            for token in part
        ],
        "spans": spans,
        "relations": [
            {
                "head": spans[0]["token_end"],
                "child": spans[1]["token_end"],
                "head_span": spans[0],
                "child_span": spans[1],
                "label": suggestion.label,
            }
        ],
        "meta": {"score": round(suggestion.score, 3), "language": get_language(doc)},
        "data": {"text": part.text},
        "predictions": [{"result": [*regions, link], "score": suggestion.score}],
        "xlre": {
            "doc": words_key(doc),
            "head": list(suggestion.head),
            "tail": list(suggestion.tail),
            "label": suggestion.label,
        },
    }


def take_answers(docs: Sequence[Doc], answers: Iterable[Tuple[int, Dict[str, Any]]], reject: Reject) -> int:
    """Set what annotators answered on the Docs that the tasks were made of.

    An accepted relation gets weight 1 and the source "annotated", a refused pair is NA of weight 1; either is no longer
    unknown. What was ignored, or not answered, changes nothing. A later answer to the same question counts.

    docs (Sequence[Doc]): The Docs.
    answers (Iterable[Tuple[int, Dict[str, Any]]]): Line number and task with its answer.
    reject (Callable[[int, str, str], None]): Called with line, reason and content for one that cannot be used.
    RETURNS (int): How many answers were taken.
    """
    by_key = {words_key(doc): doc for doc in docs}
    given: Dict[str, Dict[Tuple[int, int, int, int], Optional[str]]] = {}
    taken = 0
    for line, task in answers:
        try:
            question = task["xlre"]
            key = (*(int(i) for i in question["head"]), *(int(i) for i in question["tail"]))
            label = read_answer(task)
            doc = by_key.get(question["doc"])
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            reject(line, f"no task of 'spacy xlre suggest' with an answer: {error!r}", str(task))
            continue
        if doc is None:
            reject(line, "the text that it is about is not among the Docs", str(task["xlre"]))
        elif len(key) != 4 or not (0 <= key[0] < key[1] <= len(doc) and 0 <= key[2] < key[3] <= len(doc)):
            reject(line, f"no two entities of the text: {key}", str(task["xlre"]))
        elif label is not None:
            given.setdefault(question["doc"], {})[key] = label or None
            taken += 1
    for key_, found in given.items():
        _set_answers(by_key[key_], found)
    return taken


def read_answer(task: Dict[str, Any]) -> Optional[str]:
    """Return the label that an annotator confirmed or chose, "" if the relation was refused, None without an answer."""
    if "annotations" in task:
        for annotation in reversed(task["annotations"]):
            if not annotation.get("was_cancelled"):
                links = [part for part in annotation["result"] if part.get("type") == "relation"]
                labels = [label for link in links for label in link.get("labels") or [task["xlre"]["label"]]]
                return str(labels[0]) if labels else ""
        return None
    answer = task.get("answer", "ignore")
    if answer == "accept":
        kept = task.get("relations", [])
        return str(kept[0]["label"]) if kept else ""
    if answer not in ("reject", "ignore"):
        raise ValueError(f"the answer {answer!r}")
    return "" if answer == "reject" else None


def _set_answers(doc: Doc, answers: Dict[Tuple[int, int, int, int], Optional[str]]) -> None:
    ents = {(ent.start, ent.end): ent for ent in doc.ents}

    def span(place: Range) -> Span:
        return ents.get(place) or doc[slice(*place)]

    relations = [r for r in get_relations(doc) if pair_key(r.head, r.tail) not in answers]
    negatives = [n for n in get_negatives(doc) if pair_key(n.head, n.tail) not in answers]
    unknown = [pair for pair in get_unknown(doc) if pair_key(*pair) not in answers]
    for key, label in answers.items():
        head, tail = span(key[:2]), span(key[2:])
        if label is None:
            negatives.append(PairNegative(head, tail))
        else:
            bag = f"{head.kb_id_}|{tail.kb_id_}" if head.kb_id_ and tail.kb_id_ else ""
            relations.append(Relation(head, label, tail, source=SOURCE, bag=bag))
    set_relations(doc, relations, negatives=negatives, unknown=unknown)


def _span(part: Span, entity: Span) -> Dict[str, Any]:
    return {
        "start": entity.start_char - part.start_char,
        "end": entity.end_char - part.start_char,
        "token_start": entity.start - part.start,
        "token_end": entity.end - part.start - 1,
        "label": entity.label_ or "ENTITY",
    }


def _logit(score: Any) -> Any:
    clipped = np.clip(score, _LEAST, 1.0 - _LEAST)
    return np.log(clipped / (1.0 - clipped))


def read_tasks(lines: Iterable[Tuple[int, str]], reject: Reject) -> Iterator[Tuple[int, Dict[str, Any]]]:
    """Read tasks from JSON lines, or from the lines of a JSON array with a task a line."""
    for number, line in lines:
        text = line.strip().removesuffix(",")
        if text in ("", "[", "]"):
            continue
        try:
            task = json.loads(text)
        except (ValueError, RecursionError) as error:
            reject(number, f"bad JSON: {error}", text)
            continue
        yield from ((number, part) for part in (task if isinstance(task, list) else [task]))
