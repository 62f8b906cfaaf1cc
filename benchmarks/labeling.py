"""What each part of linking and labelling does to the labels of the embedded corpus, by leaving it out or adding it.

    python benchmarks/labeling.py --work DIR

The labels of the training documents against their gold marks, all languages together: precision, recall, F1, how many
of the traps (facts that are true of two entities but not stated there) are labelled, and how many of the relations that
the texts state are taught as NA. Nothing is fetched: the data is in `assets/`. DIR is that of distant.py, whose steps
it shares. The parts that vote (second opinion, cleanlab, label model) read the same votes, of three models, each of two
thirds of the texts; their thresholds are the defaults. cleanlab is in the extra `bench`.
"""

import argparse
import tempfile
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Set, Tuple

import numpy as np
from common import Row, arguments, finish, wanted
from distant import prepare
from spacy.tokens import Doc

from spacy_xlre.corpus.docbin import read_docs
from spacy_xlre.corpus.properties import read_types
from spacy_xlre.kb.build import build_kb
from spacy_xlre.kb.importing import import_kb
from spacy_xlre.kb.importing.source_files import SourceFilesImporter
from spacy_xlre.kb.store import KnowledgeBase
from spacy_xlre.labeling.functions import LabelingFunction, create_stored_votes
from spacy_xlre.labeling.label import Labeler
from spacy_xlre.labeling.label_model import judge
from spacy_xlre.labeling.learned_names import INFLECTIONS, LearnedNames
from spacy_xlre.labeling.pairs import PairKey, doc_key, pair_key, words_key
from spacy_xlre.labeling.patterns import create_pattern_votes
from spacy_xlre.labeling.quality import label_quality
from spacy_xlre.labeling.second_opinion import OpinionSettings, Scores, revise
from spacy_xlre.labeling.settings import LabelingSettings
from spacy_xlre.labeling.vote_files import read_votes
from spacy_xlre.scoring.relations import read_items
from spacy_xlre.tokens import get_negatives, get_relations, get_unknown, set_relations
from spacy_xlre.tokens.blank import blank_multilingual
from spacy_xlre.tokens.relations import NA

FULL = "agreement, all parts"
NEVER = 1e9
LEFT_OUT: Dict[str, Dict[str, Any]] = {
    "without endings of names": {"inflection": False},
    "without projecting missing names": {"min_projection": NEVER},
    "without outvoting mentions": {"min_agreement": 0.0},
    "without trusting mentions that stand alone": {"alone": 0.0},
    "without a budget of sentences a fact": {"max_statements": 10**6},
    "without a limit on the distance": {"max_gap": 10**6},
    "without a least weight": {"min_weight": 0.0},
    "with candidates chosen by the other names": {"coherence": 1.0},
}
PairItem = Tuple[Any, Tuple[int, int], Tuple[int, int]]


def label(aligned: Path, kb: KnowledgeBase, **settings: Any) -> List[Doc]:
    """Label the bitexts."""
    labeler = Labeler(kb, replace(LabelingSettings(), **settings))
    return [doc for bitext in read_docs(aligned, blank_multilingual().vocab) for doc in labeler(bitext)]


def with_learned_names(aligned: Path, kb: KnowledgeBase, data: Path, folder: Path) -> List[Doc]:
    """Label twice: the second time with the names and endings that the first one taught."""
    learned = LearnedNames(kb)
    labeler = Labeler(kb, learned=learned)
    for bitext in read_docs(aligned, blank_multilingual().vocab):
        list(labeler(bitext))
    learned.write(folder / "learned")
    sources = folder / "sources"
    sources.mkdir()
    for name in ("entities.jsonl", "facts.tsv", "properties.jsonl"):
        (sources / name).write_bytes((data / name).read_bytes())
    import_kb(SourceFilesImporter(), [sources, folder / "learned"], folder / "merged")
    entities, facts = (folder / "merged" / name for name in ("entities.jsonl", "facts.tsv"))
    inflections = folder / "learned" / INFLECTIONS
    build_kb(entities, facts, data / "properties.jsonl", folder / "kb", inflections=inflections)
    return label(aligned, KnowledgeBase.open(folder / "kb"))


def filtered_by_cleanlab(docs: List[Doc], votes: Mapping[Any, Scores], method: str) -> List[Doc]:
    """Drop the labels that cleanlab calls wrong, relations and NA alike, in place.

    A vote is the odds of a label against NA, so that they make a distribution together.
    """
    find_label_issues = import_module("cleanlab.filter").find_label_issues
    labels = sorted({relation.label for doc in docs for relation in get_relations(doc)})
    given: List[int] = []
    probabilities: List[Any] = []
    places: List[Tuple[int, PairKey, str]] = []
    for number, doc in enumerate(docs):
        own = votes.get(words_key(doc), {})
        relations = [(pair_key(r.head, r.tail), r.label) for r in get_relations(doc)]
        negatives = [(pair_key(n.head, n.tail), NA) for n in get_negatives(doc)]
        for key, label_ in relations + negatives:
            if key in own:
                scores = np.clip([own[key].get(name, 0.0) for name in labels], 0.0, 0.9999)
                odds = np.append(scores / (1.0 - scores), 1.0)
                probabilities.append(odds / odds.sum())
                given.append(labels.index(label_) if label_ != NA else len(labels))
                places.append((number, key, label_))
    issues = find_label_issues(np.array(given), np.array(probabilities), filter_by=method, n_jobs=1)
    wrong = {place for place, is_wrong in zip(places, issues) if is_wrong}
    for number, doc in enumerate(docs):
        set_relations(
            doc,
            [r for r in get_relations(doc) if (number, pair_key(r.head, r.tail), r.label) not in wrong],
            negatives=[n for n in get_negatives(doc) if (number, pair_key(n.head, n.tail), NA) not in wrong],
            unknown=get_unknown(doc),
        )
    return docs


def taught_as_na(labelled: Sequence[Doc], gold: Sequence[Doc]) -> float:
    """Return the share of the stated relations whose pair is labelled NA, in percent."""
    negatives: Set[PairItem] = {
        (doc_key(doc), (n.head.start_char, n.head.end_char), (n.tail.start_char, n.tail.end_char))
        for doc in labelled
        for n in get_negatives(doc)
    }
    stated: Set[PairItem] = {(item.doc, item.head, item.tail) for doc in gold for item in read_items(doc, doc_key(doc))}
    return 100 * len(stated & negatives) / len(stated)


def rows(name: str, labelled: List[Doc], gold: List[Doc]) -> Iterator[Row]:
    """Yield the figures of one kind of labels."""
    quality = label_quality(labelled, gold)["all"]
    yield Row(name, "precision", 100 * quality.counts.precision)
    yield Row(name, "recall", 100 * quality.counts.recall)
    yield Row(name, "F1", 100 * quality.counts.f1)
    yield Row(name, "traps labelled %", 100 * quality.trap_rate)
    yield Row(name, "stated relations taught as NA %", taught_as_na(labelled, gold))


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the figures of all kinds of labels."""
    args.work.mkdir(parents=True, exist_ok=True)
    paths = prepare(args.data.resolve(), args.work.resolve())
    kb, aligned = KnowledgeBase.open(paths["kb"]), paths["aligned"]
    gold = list(read_docs(paths["gold"], blank_multilingual().vocab))

    def agreed() -> List[Doc]:
        return label(aligned, kb)

    kinds: Dict[str, Any] = {
        "monolingual matching": lambda: label(aligned, kb, method="monolingual"),
        FULL: agreed,
        **{f"agreement, {name}": lambda own=settings: label(aligned, kb, **own) for name, settings in LEFT_OUT.items()},
    }
    for name, make in kinds.items():
        if wanted(args, name):
            yield from rows(name, make(), gold)
    if wanted(args, "learned"):
        with tempfile.TemporaryDirectory() as folder:
            docs = with_learned_names(aligned, kb, args.data, Path(folder))
            yield from rows("agreement, with names and endings learned", docs, gold)
    votes = read_votes(paths["votes"])
    for name, settings in {
        "second opinion": OpinionSettings(),
        "second opinion, without adding sure votes": OpinionSettings(min_added=1.1),
        "second opinion, least vote 0.05, without adding sure votes": OpinionSettings(0.05, min_added=1.1),
    }.items():
        docs = agreed()
        revise(docs, [votes.get(words_key(doc), {}) for doc in docs], settings)
        yield from rows(name, docs, gold)
    for method in ("prune_by_noise_rate", "confident_learning"):
        yield from rows(f"cleanlab on the same votes, {method}", filtered_by_cleanlab(agreed(), votes, method), gold)
    patterns = create_pattern_votes(str(args.data / "patterns.jsonl"), read_types(str(paths["properties"])))
    models = create_stored_votes(str(paths["votes"]))
    functions: Dict[str, Dict[str, LabelingFunction]] = {
        "label model of labels and patterns": {"patterns": patterns},
        "label model of labels and models": {"models": models},
        "label model of labels, patterns and models": {"patterns": patterns, "models": models},
    }
    for name, own in functions.items():
        docs = agreed()
        judged, _ = judge(docs, own)
        revise(docs, judged, OpinionSettings(0.5, 0.5, 1.1, weigh=True))
        yield from rows(name, docs, gold)


if __name__ == "__main__":
    parser = arguments(__doc__, data="assets")
    parser.add_argument("--work", type=Path, required=True, help="folder of distant.py's steps")
    parsed = parser.parse_args()
    finish("labeling", list(measure(parsed)), parsed, seeds=[])
