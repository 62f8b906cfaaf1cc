"""Sentences with two marked entities and one label: the format of SemEval 2010 task 8, KBP37 and RELX.

Records of two lines with blank lines between:

    17	"<e1> Ada </e1> was born in <e2> London </e2>."
    per:place_of_birth(e1,e2)

The label's ending says which entity is the head; a label without one, such as `no_relation` or `Other`, says that there
is none. Lines that begin with "Comment:" are left out.
"""

import re
from typing import Dict, Iterator, List, Tuple

from spacy.language import Language
from spacy.tokens import Doc, Span

from ..errors import Errors, fail
from ..files import PathLike, Rejects, read_lines
from ..tokens import Relation, set_language, set_relations

ENTITY = "ENTITY"
MARK = re.compile(r"\s*<(/?)e([12])>\s*")
LABEL = re.compile(r"(.+)\(e([12]),e([12])\)")


def read_semeval(path: PathLike, nlp: Language, lang: str, rejects: Rejects) -> Iterator[Doc]:
    """Yield one Doc a sentence, with its two entities and, if they have one, their relation.

    path (PathLike): The file.
    nlp (Language): The pipeline whose tokenizer is used. An entity inside a token takes the whole token.
    lang (str): The language of the sentences.
    rejects (Rejects): Gets sentences whose entities are empty, missing or overlap, with their labels.
    YIELDS (Doc): The bitext id that it records is the sentence's number, by which translations find each other.
    RAISES (XlreError): For a record that is not as above; the message says which line.
    """
    record: List[Tuple[int, str]] = []
    for number, line in (*read_lines(path), (0, "")):
        if line.strip() and not line.startswith("Comment:"):
            record.append((number, line.strip()))
        elif record:
            start = record[0][0]
            if len(record) != 2 or "\t" not in record[0][1]:
                raise fail(Errors.X515, path=path, line=start, reason="not a numbered sentence and its label")
            (_, sentence), (_, label) = record
            try:
                yield _doc(nlp, lang, sentence, label)
            except ValueError as error:
                rejects.add(path, start, str(error), label)
            record = []


def _doc(nlp: Language, lang: str, numbered: str, name: str) -> Doc:
    number, sentence = numbered.split("\t", 1)
    text, ranges = parse_entities(sentence.strip().removeprefix('"').removesuffix('"').strip())
    if set(ranges) != {"1", "2"}:
        raise ValueError("not one <e1>…</e1> and one <e2>…</e2> with text between")
    doc = nlp.make_doc(text)
    spans: Dict[str, Span] = {}
    for entity, chars in ranges.items():
        span = doc.char_span(*chars, label=ENTITY, alignment_mode="expand")
        if span is None:
            raise ValueError(f"entity {entity} holds no token")
        spans[entity] = span
    first, second = spans["1"], spans["2"]
    if first.start < second.end and second.start < first.end:
        raise ValueError("the two entities overlap")
    doc.ents = [first, second]
    label = LABEL.fullmatch(name)
    set_relations(doc, [_relation(label, spans)] if label else [])
    for token in doc:
        token.is_sent_start = token.i == 0
    set_language(doc, lang, bitext=number)
    return doc


def _relation(label: "re.Match[str]", spans: Dict[str, Span]) -> Relation:
    name, head, tail = label.groups()
    return Relation(spans[head], name, spans[tail])


def parse_entities(marked: str) -> Tuple[str, Dict[str, Tuple[int, int]]]:
    """Take the entity marks out of a sentence, and with them the spaces that they brought.

    marked (str): Such as "<e1> Ada </e1> was here."
    RETURNS (Tuple[str, Dict[str, Tuple[int, int]]]): The text, and the character range of each entity that is whole.
    """
    parts: List[str] = []
    length, last = 0, 0
    starts: Dict[str, int] = {}
    ranges: Dict[str, Tuple[int, int]] = {}
    for mark in MARK.finditer(marked):
        before = marked[last : mark.start()]
        parts.append(before)
        length += len(before)
        closing, name = mark.groups()
        if closing and name in starts:
            ranges[name] = (starts[name], length)
        # Outside the entity a space stays a space; inside it is the mark's own.
        outside = mark.group().endswith(tuple(" \t")) if closing else mark.group().startswith(tuple(" \t"))
        if outside and length:
            parts.append(" ")
            length += 1
        if not closing:
            starts[name] = length
        last = mark.end()
    text = "".join([*parts, marked[last:]])
    return text, {name: (start, end) for name, (start, end) in ranges.items() if end > start}
