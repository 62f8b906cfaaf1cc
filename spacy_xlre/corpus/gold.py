"""Marked documents as Docs: one gold Doc per language, and bitexts of their plain text."""

from typing import Dict, Iterator, List, Sequence, Set, Tuple

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from ..tokens import Relation, make_bitext, set_bitext_id, set_language, set_relations
from .marked import MarkedDocument, Triple, plain_text, separator

TRAPS = "cooccur"


def bitext_from_marked(nlp: Language, document: MarkedDocument) -> Doc:
    """Build the bitext of a document's plain text: what a user without gold marks has."""
    texts = {lang: plain_text(sentences, lang) for lang, sentences in document.sentences.items()}
    doc = make_bitext(nlp, texts)
    set_bitext_id(doc, document.id)
    return doc


def gold_docs(nlp: Language, document: MarkedDocument, *, symmetric: Sequence[str] = ()) -> Iterator[Doc]:
    """Yield one Doc per language of a marked document, with gold entities, sentence starts and stated relations.

    nlp (Language): The pipeline whose tokenizer is used. A mention inside a token takes the whole token.
    document (MarkedDocument): The document.
    symmetric (Sequence[str]): Labels that hold both ways; each such pair is annotated once, in text order.
    YIELDS (Doc): The text in one language; every pair of mentions whose relation a bead states is annotated.
    """
    for lang in document.sentences:
        doc, mentions = _entities(nlp, document, lang)
        relations, traps = [], []
        for bead in document.beads:
            here = [span for index in bead.sentences.get(lang, []) for span in mentions[index]]
            relations += _relations(here, bead.expressed, symmetric, "gold")
            traps += _relations(here, bead.cooccur, symmetric, "cooccur")
        set_relations(doc, relations)
        _set_traps(doc, traps)
        set_language(doc, lang, bitext=document.id)
        yield doc


def get_traps(doc: Doc) -> List[Tuple[Span, str, Span]]:
    """Return the (head, label, tail) of a gold Doc that are true but not stated where both entities are mentioned."""
    if TRAPS not in doc.spans:
        return []
    spans = list(doc.spans[TRAPS])
    return [(spans[head], str(label), spans[tail]) for head, label, tail in doc.spans[TRAPS].attrs["relations"]]


def _set_traps(doc: Doc, traps: Sequence[Relation]) -> None:
    spans = [span for trap in traps for span in (trap.head, trap.tail)]
    rows = [[2 * i, trap.label, 2 * i + 1] for i, trap in enumerate(traps)]
    doc.spans[TRAPS] = SpanGroup(doc, name=TRAPS, attrs={"relations": rows}, spans=spans)


def _entities(nlp: Language, document: MarkedDocument, lang: str) -> Tuple[Doc, Dict[int, List[Span]]]:
    sentences = document.sentences[lang]
    doc = nlp.make_doc(plain_text(sentences, lang))
    mentions: Dict[int, List[Span]] = {}
    taken: Set[int] = set()
    starts: Set[int] = set()
    offset = 0
    for index, sentence in enumerate(sentences):
        starts.add(offset)
        spans = []
        for mention in sentence.mentions:
            span = doc.char_span(
                offset + mention.start,
                offset + mention.end,
                label=document.types[mention.entity],
                kb_id=mention.entity,
                alignment_mode="expand",
            )
            if span is not None and not taken.intersection(range(span.start, span.end)):
                taken.update(range(span.start, span.end))
                spans.append(span)
        mentions[index] = spans
        offset += len(sentence.text) + len(separator(lang))
    doc.set_ents([span for spans in mentions.values() for span in spans])
    for token in doc:
        token.is_sent_start = token.i == 0 or any(token.idx <= s < token.idx + len(token) for s in starts)
    return doc, mentions


def _relations(
    mentions: Sequence[Span], triples: Sequence[Triple], symmetric: Sequence[str], source: str
) -> List[Relation]:
    relations = {}
    for head_id, label, tail_id in triples:
        for head in mentions:
            for tail in mentions:
                if (head.kb_id_, tail.kb_id_) == (head_id, tail_id) and head != tail:
                    first, second = (tail, head) if label in symmetric and tail < head else (head, tail)
                    bag = f"{head_id}|{tail_id}"
                    key = (first.start, label, second.start)
                    relations[key] = Relation(first, label, second, source=source, bag=bag)
    return list(relations.values())
