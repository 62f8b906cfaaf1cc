"""Sentences with many entities and relations: the JSON lines of CrossRE, Multi-CrossRE and DyGIE.

One object a line: `sentence` (words), `ner` ([first word, last word, type], …) and `relations` ([first and last word of
the head, first and last word of the tail, label, …], …).
"""

import json
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from ..errors import Errors, fail
from ..files import PathLike, Rejects, read_lines
from ..tokens import Relation, set_language, set_relations
from ..tokens.scripts import has_unspaced


def read_crossre(
    path: PathLike, nlp: Language, lang: str, rejects: Rejects, *, symmetric: Sequence[str] = ()
) -> Iterator[Doc]:
    """Yield one Doc a sentence, with the words that the data has.

    path (PathLike): The file.
    nlp (Language): The pipeline, for its vocabulary.
    lang (str): The language.
    rejects (Rejects): Gets entities that overlap a longer one, which `doc.ents` cannot hold, and their relations.
    symmetric (Sequence[str]): Labels that hold both ways; each such pair is annotated once, in text order.
    YIELDS (Doc): One Doc a line.
    RAISES (XlreError): For a line that is not as above; the message says which.
    """
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            yield _doc(nlp, lang, json.loads(line), partial(rejects.add, path, number), symmetric)
        except (json.JSONDecodeError, KeyError, TypeError, IndexError, ValueError) as error:
            reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise fail(Errors.X515, path=path, line=number, reason=reason) from None


def _doc(
    nlp: Language, lang: str, record: Dict[str, Any], reject: Callable[[str], None], symmetric: Sequence[str]
) -> Doc:
    words: List[str] = record["sentence"]
    unspaced = [has_unspaced(word) for word in words]
    spaces = [not (here and there) for here, there in zip(unspaced, [*unspaced[1:], True])]
    doc = Doc(nlp.vocab, words=words, spaces=spaces)
    spans: Dict[Tuple[int, int], Span] = {}
    for first, last, label in record["ner"]:
        if not 0 <= first <= last < len(doc):
            raise ValueError(f"entity {first} to {last} of {len(doc)} words")
        spans[first, last] = Span(doc, first, last + 1, label=label)
    kept = filter_spans(spans.values())
    doc.ents = kept
    known = {(span.start, span.end - 1): span for span in kept}
    for place_of, span in spans.items():
        if place_of not in known:
            reject(f"entity '{span.text}' overlaps a longer one")
    found: Dict[Tuple[int, str, int], Relation] = {}
    for head_first, head_last, tail_first, tail_last, label, *_ in record["relations"]:
        head, tail = known.get((head_first, head_last)), known.get((tail_first, tail_last))
        if head is None or tail is None or head == tail:
            reject(f"relation {label} has an argument that is no entity of its own")
            continue
        if label in symmetric and tail.start < head.start:
            head, tail = tail, head
        found[head.start, label, tail.start] = Relation(head, label, tail)
    set_relations(doc, list(found.values()))
    for token in doc:
        token.is_sent_start = token.i == 0
    set_language(doc, lang, bitext=str(record.get("doc_key", "")))
    return doc
