"""What the speed benchmarks of relations share: texts with entities, and pipelines initialised without training."""

from pathlib import Path
from typing import Any, Dict, Iterator, List

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_xlre.corpus.crossre import read_crossre
from spacy_xlre.files import Rejects, read_lines
from spacy_xlre.tokens import Relation, set_relations
from spacy_xlre.tokens.blank import blank_multilingual

LABELS = [f"label{number}" for number in range(18)]
CANDIDATES = {"@misc": "spacy_xlre.candidates.v1", "max_distance": 256, "context": 128}


def crossre_docs(data: Path) -> List[Doc]:
    """Read CrossRE's English test sentences, with their gold entities."""
    nlp, rejects = blank_multilingual(), Rejects(None)
    paths = sorted((data / "crossre" / "en").glob("*-test.json"))
    return [doc for path in paths for doc in read_crossre(path, nlp, "en", rejects)]


def wikineural_docs(data: Path, lang: str) -> List[Doc]:
    """Read WikiNEuRal's sentences in a language, with their silver entities."""
    nlp = blank_multilingual()
    return list(_sentences(data / "wikineural" / f"{lang}-test.conllu", nlp))


def _sentences(path: Path, nlp: Language) -> Iterator[Doc]:
    words: List[str] = []
    tags: List[str] = []
    for _, line in (*read_lines(path), (0, "")):
        fields = line.split()
        if len(fields) == 3:
            words.append(fields[1])
            tags.append(fields[2])
        elif words:
            yield _doc(nlp, words, tags)
            words, tags = [], []


def _doc(nlp: Language, words: List[str], tags: List[str]) -> Doc:
    doc = Doc(nlp.vocab, words=words)
    starts = [i for i, tag in enumerate(tags) if tag.startswith("B-")]
    ends = [next((j for j in range(i + 1, len(tags)) if not tags[j].startswith("I-")), len(tags)) for i in starts]
    doc.ents = [Span(doc, start, end, label=tags[start][2:]) for start, end in zip(starts, ends)]
    for token in doc:
        token.is_sent_start = token.i == 0
    return doc


def shared_pipeline(encoder: Path) -> Language:
    """Make a pipeline of a transformer with all its layers, and a relation component that listens to it."""
    nlp = blank_multilingual()
    model = {
        "@architectures": "spacy_xlre.TransformerModel.v1",
        "name": str(encoder),
        "get_spans": {"@span_getters": "spacy_xlre.piece_windows.v1"},
        "tokenizer_config": {"use_fast": True},
    }
    nlp.add_pipe("transformer", config={"model": model})
    listener = {
        "@architectures": "spacy-transformers.TransformerListener.v1",
        "grad_factor": 1.0,
        "pooling": {"@layers": "reduce_mean.v1"},
    }
    relation = {"@architectures": "spacy_xlre.RelationModel.v1", "tok2vec": listener}
    nlp.add_pipe("xlre_relation", config={"model": relation, "candidates": CANDIDATES})
    return _initialize(nlp)


def marker_pipeline(encoder: Path, **settings: Any) -> Language:
    """Make a pipeline of a relation component with a marker encoder."""
    nlp = blank_multilingual()
    markers: Dict[str, Any] = {
        "@architectures": "spacy_xlre.MarkerTransformer.v1",
        "name": str(encoder),
        **settings,
    }
    model = {"@architectures": "spacy_xlre.MarkerModel.v1", "markers": markers}
    nlp.add_pipe("xlre_relation", config={"model": model, "candidates": CANDIDATES})
    return _initialize(nlp)


def _initialize(nlp: Language) -> Language:
    spacy.util.fix_random_seed(0)
    doc = nlp.make_doc("Ada was born in London.")
    doc.ents = [Span(doc, 0, 1, label="PER"), Span(doc, 4, 5, label="LOC")]
    set_relations(doc, [Relation(doc.ents[0], label, doc.ents[1]) for label in LABELS])
    nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc)])
    return nlp
