"""Distant labels of English and Russian sentences that say DBpedia triples (WebNLG), and models trained on them.

    python benchmarks/webnlg.py --data DIR --encoder FOLDER --work FOLDER

DIR holds `webnlg/ru/train/` (github.com/dbpedia/Multilingual-RDF-Verbalizer). --encoder is what `spacy xlre encoder`
writes. The knowledge base is made of all triples and links between names; the text is raw. A sample of entries
(--entries), a fifth of them held out. Labels are compared with the triples of each text, as sets of subject, property
and object: a triple of which a name was not found is missed. "Learned" are the labels of a second round, whose
knowledge base has the names and endings that the first one taught.

The models are `configs/markers.cfg` of which only the two upper layers learn, trained on labels of the second round,
and on the triples themselves at the same mentions; both are tested on the held-out texts with the mentions of the
second round. --work keeps what was aligned and trained, so that a second run continues.
"""

import argparse
from pathlib import Path
from random import Random
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Set, Tuple

import spacy
from common import Row, arguments, finish, mean_and_spread, train_once
from relation_transfer import MARKERS
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.corpus.relation_docs import without_relations
from spacy_xlre.extras import need
from spacy_xlre.kb.build import build_kb
from spacy_xlre.kb.importing import import_kb
from spacy_xlre.kb.importing.source_files import SourceFilesImporter
from spacy_xlre.kb.importing.webnlg import WebNlgImporter, entity_id
from spacy_xlre.kb.store import KnowledgeBase
from spacy_xlre.labeling.label import Labeler
from spacy_xlre.labeling.learned_names import INFLECTIONS, LearnedNames
from spacy_xlre.labeling.pairs import entities_by_range, named_pairs
from spacy_xlre.labeling.settings import LabelingSettings
from spacy_xlre.tokens import (
    Relation,
    get_bitext_id,
    get_language,
    get_relations,
    make_bitext,
    set_bitext_id,
    set_relations,
)
from spacy_xlre.tokens.blank import blank_multilingual

LANGUAGES = ("en", "ru")
HELD_OUT = 5
EPOCHS = 4
Triple = Tuple[str, str, str]


class Entry(NamedTuple):
    """An entry: its id, its triples, and pairs of texts."""

    id: str
    triples: Set[Triple]
    texts: List[Dict[str, str]]


def read_entries(folder: Path) -> Iterator[Entry]:
    """Yield the entries of all files that have texts in both languages."""
    parse = need("defusedxml.ElementTree", extra="kb").parse
    for path in sorted(folder.rglob("*.xml")):
        for number, entry in enumerate(parse(path).iter("entry")):
            triples = set()
            for element in entry.iterfind("modifiedtripleset/mtriple"):
                subject, property_, object_ = (part.strip() for part in element.text.split(" | "))
                triples.add((entity_id(subject), property_, entity_id(object_)))
            texts: Dict[str, Dict[str, str]] = {}
            for lex in entry.iterfind("lex"):
                if lex.text and lex.get("lang") in LANGUAGES:
                    texts.setdefault(lex.get("lid"), {})[lex.get("lang")] = lex.text.strip()
            pairs = [pair for pair in texts.values() if len(pair) == len(LANGUAGES)]
            if pairs and triples:
                yield Entry(f"{path.parent.name}-{path.stem}-{number}", triples, pairs)


def align(entries: Sequence[Entry], encoder: Path, path: Path) -> Path:
    """Align the texts, untrained, unless that was done."""
    if not path.exists():
        nlp = blank_multilingual()
        nlp.add_pipe("xlre_aligner", config={"encoder": str(encoder)})
        bitexts = []
        for entry in entries:
            for number, texts in enumerate(entry.texts):
                bitext = make_bitext(nlp, texts)
                set_bitext_id(bitext, f"{entry.id}:{number}")
                bitexts.append(bitext)
        write_docs(path, nlp.pipe(bitexts, batch_size=64))
    return path


def build(sources: Path, folder: Path, **options: Any) -> KnowledgeBase:
    """Build a knowledge base of source files."""
    entities, facts, properties = (sources / name for name in ("entities.jsonl", "facts.tsv", "properties.jsonl"))
    build_kb(entities, facts, properties, folder, **options)
    return KnowledgeBase.open(folder)


def label(aligned: Path, labeler: Labeler) -> List[Doc]:
    """Label the bitexts."""
    return [doc for bitext in read_docs(aligned, blank_multilingual().vocab) for doc in labeler(bitext)]


def found_triples(doc: Doc) -> Set[Triple]:
    """Return the relations of a Doc by the ids of their entities."""
    return {(r.head.kb_id_, r.label, r.tail.kb_id_) for r in get_relations(doc)}


def scores(docs: Sequence[Doc], triples: Dict[str, Set[Triple]]) -> Dict[str, Tuple[float, float, float]]:
    """Return precision, recall and F1 in percent by language, and for all under "all"."""
    counts: Dict[str, List[int]] = {}
    for doc in docs:
        found, gold = found_triples(doc), triples[entry_of(doc)]
        for lang in (get_language(doc), "all"):
            sums = counts.setdefault(lang, [0, 0, 0])
            for place, number in enumerate((len(found & gold), len(found), len(gold))):
                sums[place] += number
    return {
        lang: (100 * tp / max(1, n_found), 100 * tp / max(1, n_gold), 200 * tp / max(1, n_found + n_gold))
        for lang, (tp, n_found, n_gold) in counts.items()
    }


def entry_of(doc: Doc) -> str:
    """Return the id of a Doc's entry."""
    return get_bitext_id(doc).rpartition(":")[0]


def with_gold(doc: Doc, gold: Set[Triple]) -> Doc:
    """Return a copy of a labelled Doc with the triples of its text, where both entities stand in a sentence."""
    copy = doc.copy()
    relations: List[Relation] = []
    entities = entities_by_range(copy)
    for key in named_pairs(doc):
        head, tail = entities[key[:2]], entities[key[2:]]
        relations += [Relation(head, p, tail) for s, p, o in gold if (s, o) == (head.kb_id_, tail.kb_id_)]
    set_relations(copy, relations)
    return copy


def train(args: argparse.Namespace, name: str, docs: List[Doc], seed: int) -> Language:
    """Train a model unless that was done."""
    path = args.work / f"{name}.spacy"
    write_docs(path, docs)
    dev = args.work / f"{name}-dev.spacy"
    write_docs(dev, docs[:20])
    steps = EPOCHS * len(docs) // 32
    overrides = {
        "paths.train": str(path),
        "paths.dev": str(dev),
        "paths.encoder": str(args.encoder.resolve()),
        "system.seed": seed,
        f"{MARKERS}.frozen_layers": 10,
        "training.max_epochs": EPOCHS,
        "training.eval_frequency": 1_000_000,
        "training.optimizer.learn_rate.total_steps": steps,
        "training.optimizer.learn_rate.warmup_steps": steps // 16,
        "training.optimizer.learn_rate.initial_rate": 0.0003,
    }
    return spacy.load(train_once("markers.cfg", args.work / f"model-{name}-{seed}", overrides))


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the quality of labels, and of the models trained on them."""
    args.work.mkdir(parents=True, exist_ok=True)
    source = args.data / "webnlg" / "ru" / "train"
    entries = list(read_entries(source))
    Random(0).shuffle(entries)
    entries = entries[: 100 if args.quick else args.entries]
    triples = {entry.id: entry.triples for entry in entries}
    held_out = {entry.id for entry in entries[::HELD_OUT]}
    suffix = "-quick" if args.quick else ""
    sources = args.work / "sources"
    import_kb(WebNlgImporter(), [source], sources)
    kb = build(sources, args.work / "kb")
    aligned = align(entries, args.encoder, args.work / f"aligned{suffix}.spacy")
    learned = LearnedNames(kb)
    rounds = {
        "monolingual": label(aligned, Labeler(kb, LabelingSettings(method="monolingual"))),
        "agreement": label(aligned, Labeler(kb, learned=learned)),
    }
    learned.write(args.work / "learned")
    import_kb(SourceFilesImporter(), [sources, args.work / "learned"], args.work / "merged")
    better = build(args.work / "merged", args.work / "kb-learned", inflections=args.work / "learned" / INFLECTIONS)
    rounds["monolingual, learned"] = label(aligned, Labeler(better, LabelingSettings(method="monolingual")))
    rounds["agreement, learned"] = label(aligned, Labeler(better))
    for name, docs in rounds.items():
        for lang, figures in scores(docs, triples).items():
            for figure, value in zip(("precision", "recall", "F1"), figures):
                yield Row(f"labels, {name}, {lang}", figure, value)
    docs = rounds["agreement, learned"]
    training = [doc for doc in docs if entry_of(doc) not in held_out]
    gold = [with_gold(doc, triples[entry_of(doc)]) for doc in training]
    test = [doc for doc in docs if entry_of(doc) in held_out]
    trained: Dict[str, List[float]] = {}
    for name, own in (("labels", training), ("triples", gold)):
        runs: Dict[str, List[float]] = {}
        for seed in args.seeds:
            nlp = train(args, f"{name}{suffix}", own, seed)
            predicted = [predict(nlp, doc) for doc in test]
            for lang, figures in scores(predicted, triples).items():
                runs.setdefault(lang, []).append(figures[2])
        for lang, values in runs.items():
            yield Row(f"trained on {name}, {lang}", "F1 on held-out texts", *mean_and_spread(values))
        trained[name] = runs["all"]
    shares = [100 * own / other for own, other in zip(trained["labels"], trained["triples"])]
    yield Row("trained on labels, all", "% of trained on triples", *mean_and_spread(shares), goal=">= 90")


def predict(nlp: Language, doc: Doc) -> Doc:
    """Return a copy of a Doc with a model's relations instead of its own."""
    return nlp(without_relations(doc))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is aligned and trained")
    parser.add_argument("--entries", type=int, default=800, help="entries of the sample (default: 800)")
    parsed = parser.parse_args()
    finish("webnlg", list(measure(parsed)), parsed)
