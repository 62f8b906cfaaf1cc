"""Wikidata's facts (X-FACTR) over running text: how many labels, and how many of a sample are right.

    python benchmarks/xfactr.py --data DIR --encoder FOLDER --work FOLDER --sample sample.tsv
    python benchmarks/xfactr.py --data DIR --encoder FOLDER --work FOLDER --judged sample.tsv

DIR holds `kb/xfactr/` (github.com/jzbjyb/X-FACTR), `wikineural/` (github.com/Babelscape/wikineural) and `ntrex/`
(github.com/MicrosoftTranslator/NTREX). WikiNEuRal's sentences are labelled each in its language alone, as there is
nothing to agree with; NTREX's documents, English with each other language that has names, by agreement after
alignment without training. --sample writes 50 labels of each to a table whose first column a person fills in: 1 if
the sentence states the relation of these two entities, 0 if not. --judged adds what that gives to the figures.
"""

import argparse
import csv
from collections import Counter
from pathlib import Path
from random import Random
from typing import Dict, Iterator, List, Sequence, Tuple

from common import Row, arguments, finish
from spacy.tokens import Doc

from spacy_xlre.files import atomic_file
from spacy_xlre.kb.build import build_kb
from spacy_xlre.kb.importing import import_kb
from spacy_xlre.kb.importing.xfactr import XFactrImporter
from spacy_xlre.kb.store import KnowledgeBase
from spacy_xlre.labeling.label import Labeler
from spacy_xlre.labeling.settings import LabelingSettings
from spacy_xlre.tokens import Relation, get_language, get_relations, make_bitext, set_bitext_id, set_language
from spacy_xlre.tokens.blank import blank_multilingual

ALONE = ("en", "es", "fr", "ru")
AGREED = {"es": "spa", "fr": "fra", "ja": "jpn", "ru": "rus", "tr": "tur", "zh": "zho-CN"}
SAMPLE = 50
COLUMNS = ("right", "set", "lang", "head", "label", "tail", "sentence")
Labelled = Dict[str, List[Doc]]


def wikineural(data: Path, lang: str, limit: int) -> Iterator[Doc]:
    """Yield sentences as Docs."""
    nlp = blank_multilingual()
    words: List[str] = []
    count = 0
    for line in (data / "wikineural" / f"{lang}-test.conllu").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields:
            words.append(fields[1])
        elif words:
            doc = Doc(nlp.vocab, words=words)
            for token in doc:
                token.is_sent_start = token.i == 0
            set_language(doc, lang, bitext=f"{lang}-{count}")
            yield doc
            words, count = [], count + 1
            if count == limit:
                return


def ntrex(data: Path, lang: str, encoder: Path, limit: int) -> Iterator[Doc]:
    """Yield aligned bitexts of a line each."""
    nlp = blank_multilingual()
    nlp.add_pipe("xlre_aligner", config={"encoder": str(encoder)})
    sides = [
        (data / "ntrex" / f"{name}.txt").read_text(encoding="utf-8").splitlines() for name in ("eng", AGREED[lang])
    ]
    bitexts = []
    for number, (english, other) in enumerate(zip(*sides)):
        if english.strip() and other.strip() and number < limit:
            bitexts.append(make_bitext(nlp, {"en": english, lang: other}))
            set_bitext_id(bitexts[-1], f"{lang}-{number}")
    yield from nlp.pipe(bitexts, batch_size=64)


def label_all(args: argparse.Namespace, kb: KnowledgeBase) -> Labelled:
    """Label all texts; by the name of the set and the language."""
    limit = 100 if args.quick else 10**9
    alone, agreed = Labeler(kb, LabelingSettings(method="monolingual")), Labeler(kb)
    found: Labelled = {}
    for lang in ALONE:
        found[f"WikiNEuRal {lang}"] = [own for doc in wikineural(args.data, lang, limit) for own in alone(doc)]
    for lang in AGREED:
        bitexts = ntrex(args.data, lang, args.encoder, min(limit, args.lines))
        found[f"NTREX en-{lang}"] = [own for bitext in bitexts for own in agreed(bitext)]
    return found


def sample(labelled: Labelled) -> Iterator[Tuple[str, Doc, Relation]]:
    """Draw labels, as many of each set."""
    for name in ("WikiNEuRal", "NTREX"):
        rows = [
            (name, doc, relation)
            for key, docs in labelled.items()
            if key.startswith(name)
            for doc in docs
            for relation in get_relations(doc)
        ]
        yield from Random(0).sample(rows, min(SAMPLE, len(rows)))


def write_sample(path: Path, labelled: Labelled) -> None:
    """Write the sample as a table to be filled in."""
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file_:
        writer = csv.writer(file_, dialect="excel-tab")
        writer.writerow(COLUMNS)
        for name, doc, relation in sample(labelled):
            names = (f"{span.text} [{span.kb_id_}]" for span in (relation.head, relation.tail))
            head, tail = names
            writer.writerow(
                ("", name, get_language(doc), head, relation.label, tail, relation.head[0].sent.text.strip())
            )


def judged_rows(path: Path) -> Iterator[Row]:
    """Yield the precision of a sample that a person has judged."""
    with path.open(encoding="utf-8", newline="") as file_:
        judged = list(csv.DictReader(file_, dialect="excel-tab"))
    for name in ("WikiNEuRal", "NTREX"):
        answers = [row["right"] for row in judged if row["set"] == name]
        if not set(answers) <= {"0", "1"}:
            raise SystemExit(f"{path}: the column right must be 0 or 1 in each row of {name}")
        yield Row(f"{name}, sample", "labels judged", len(answers))
        yield Row(f"{name}, sample", "precision by hand, %", 100 * answers.count("1") / max(1, len(answers)))


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the numbers of labels."""
    args.work.mkdir(parents=True, exist_ok=True)
    sources = args.work / "sources"
    import_kb(XFactrImporter(), [args.data / "kb" / "xfactr"], sources)
    files: Sequence[Path] = [sources / name for name in ("entities.jsonl", "facts.tsv", "properties.jsonl")]
    build_kb(files[0], files[1], files[2], args.work / "kb")
    labelled = label_all(args, KnowledgeBase.open(args.work / "kb"))
    for name, docs in labelled.items():
        relations = [relation for doc in docs for relation in get_relations(doc)]
        yield Row(name, "texts", len(docs))
        yield Row(name, "names found", sum(len(doc.ents) for doc in docs))
        yield Row(name, "labels", len(relations))
        yield Row(name, "properties", len(Counter(relation.label for relation in relations)))
    if args.sample is not None:
        write_sample(args.sample, labelled)
    if args.judged is not None:
        yield from judged_rows(args.judged)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for the knowledge base")
    parser.add_argument("--lines", type=int, default=600, help="lines of NTREX a language (default: 600)")
    parser.add_argument("--sample", type=Path, help="write a sample to judge")
    parser.add_argument("--judged", type=Path, help="a sample that was judged")
    parsed = parser.parse_args()
    finish("xfactr", list(measure(parsed)), parsed, seeds=[])
