"""Projection of entities to another language, by our methods and by others, on the same encoder and words.

    python benchmarks/projection.py --data DIR --encoder FOLDER [--pipeline FOLDER]

DIR holds `relx/` (github.com/boun-tabi/RELX), `crossre/` (github.com/mainlp/CrossRE, with its translations) and
`ner-parallel/` (github.com/UniversalNER, the PUD parts). FOLDER is what `spacy xlre encoder FOLDER` writes; --pipeline
adds a trained aligner. Spans are compared exactly, in words. Where the data says which target entity is which source
entity (RELX, CrossRE), a projection is right if it is that one; in the PUD parts, which were annotated apart, if the
target has an entity there of the same type. The peers are SimAlign (`pip install simalign`) and awesome-align's
extraction, written anew as its package reads BERT only, each with the usual heuristic: from the first linked word to
the last. --dev measures the embedded corpus and CrossRE's development part instead, on which settings were chosen.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import spacy
from common import CHECKOUT, Row, arguments, finish, print_table, wanted
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xlre.corpus.gold import gold_docs
from spacy_xlre.corpus.marked import read_marked
from spacy_xlre.tokens import PROJECTIONS, get_alignment, get_segments, join_bitext, project_entities
from spacy_xlre.tokens.blank import blank_multilingual
from spacy_xlre.tokens.scripts import has_unspaced

Range = Tuple[int, int]
Words = List[str]
Links = Set[Tuple[int, int]]
Aligned = Callable[[Words, Words], Links]
TAG = re.compile(r"<(/?)e([12])>")
CROSSRE = ("de", "es", "zh")
PUD = ("de", "pt")
AWESOME_THRESHOLD = 1e-3


class Item(NamedTuple):
    """A sentence pair: words, source entities, and for each the target entity, or None where none is its counterpart.

    kinds (List[str]): The source entities' types.
    targets (Set[Tuple[Range, str]]): All target entities with types, where counterparts are not known.
    """

    source: Words
    target: Words
    spans: List[Range]
    gold: List[Optional[Range]]
    kinds: List[str]
    targets: Set[Tuple[Range, str]]


class Score:
    """Right, predicted and gold spans, and the source entities that got one."""

    def __init__(self) -> None:
        self.right = self.predicted = self.gold = self.entities = 0

    def add(self, item: Item, found: Sequence[Optional[Range]]) -> None:
        self.entities += len(found)
        self.predicted += sum(span is not None for span in found)
        if item.targets:
            self.gold += len(item.targets)
            self.right += len(
                item.targets & {(span, kind) for span, kind in zip(found, item.kinds) if span is not None}
            )
        else:
            self.gold += sum(span is not None for span in item.gold)
            self.right += sum(a is not None and a == b for a, b in zip(found, item.gold))

    @property
    def f1(self) -> float:
        return 200 * self.right / (self.predicted + self.gold)

    @property
    def coverage(self) -> float:
        return 100 * self.predicted / self.entities


# The data


def read_relx(folder: Path) -> Iterator[Item]:
    """Yield RELX's sentence pairs in the words of our tokenizer, without those in which an entity is empty."""
    tokenizer = blank_multilingual().tokenizer
    sides = [dict(_relx_sentences(folder / f"RELX_{lang}.txt")) for lang in ("en", "de")]
    for key, source in sides[0].items():
        places = [*source[1], *sides[1][key][1]] if key in sides[1] else []
        if places and all(start < end for start, end in places):
            docs = [tokenizer(text) for text, _ in (source, sides[1][key])]
            spans = [
                [_words_at(doc, *place) for place in places] for doc, (_, places) in zip(docs, (source, sides[1][key]))
            ]
            words = [[token.text for token in doc] for doc in docs]
            yield Item(words[0], words[1], spans[0], list(spans[1]), ["", ""], set())


def _relx_sentences(path: Path) -> Iterator[Tuple[str, Tuple[str, List[Range]]]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        key, tab, quoted = line.partition("\t")
        if not tab:
            continue
        yield key, _without_tags(quoted.strip().strip('"'))


def _without_tags(text: str) -> Tuple[str, List[Range]]:
    """Take the tags and the spaces inside them out; return the text and the range of each entity."""
    plain, position, opened = "", 0, False
    starts: Dict[str, int] = {}
    ends: Dict[str, int] = {}
    for tag in TAG.finditer(text):
        part = text[position : tag.start()]
        plain += part.strip() if opened else part
        opened = not tag.group(1)
        (starts if opened else ends)[tag.group(2)] = len(plain)
        position = tag.end()
    return plain + text[position:], [(starts[number], ends[number]) for number in "12"]


def _words_at(doc: Doc, start: int, end: int) -> Range:
    span = doc.char_span(start, end, alignment_mode="expand")
    if span is None:
        raise ValueError(f"there is no entity at {start}:{end} of {doc.text!r}")
    return span.start, span.end


def read_crossre(folder: Path, lang: str, part: str) -> Iterator[Item]:
    """Yield CrossRE's sentences with their machine translations."""
    for path in sorted((folder / "en").glob(f"*-{part}.json")):
        sources = {row["doc_key"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}
        translated = (folder / lang / path.name).read_text(encoding="utf-8").splitlines()
        for row in map(json.loads, translated):
            source = sources.get(row["doc_key"])
            if source is None or not source["ner"]:
                continue
            place: Dict[int, Range] = {
                number: (start, end + 1) for number, (start, end, _) in zip(row["ner_mapping_to_source"], row["ner"])
            }
            spans = [(start, end + 1) for start, end, _ in source["ner"]]
            gold = [place.get(number) for number in range(len(spans))]
            kinds = [kind for _, _, kind in source["ner"]]
            yield Item(source["sentence"], row["sentence"], spans, gold, kinds, set())


def read_pud(folder: Path, lang: str) -> Iterator[Item]:
    """Yield the sentences that two PUD parts share, with the entities of each."""
    sources, targets = (dict(_iob(folder / f"{code}_pud.iob2")) for code in ("en", lang))
    for key, (words, entities) in sources.items():
        if key in targets and entities:
            other, found = targets[key]
            spans, kinds = [span for span, _ in entities], [kind for _, kind in entities]
            yield Item(words, other, spans, [None] * len(spans), kinds, set(found) or {((-1, -1), "")})


def _iob(path: Path) -> Iterator[Tuple[str, Tuple[Words, List[Tuple[Range, str]]]]]:
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        key = ""
        words: Words = []
        entities: List[Tuple[Range, str]] = []
        for line in block.splitlines():
            if line.startswith("# sent_id"):
                key = line.split("=")[1].strip()
            elif line and not line.startswith("#"):
                _, word, tag = line.split("\t")[:3]
                words.append(word)
                if tag.startswith("B-"):
                    entities.append(((len(words) - 1, len(words)), tag[2:]))
                elif tag.startswith("I-") and entities:
                    entities[-1] = ((entities[-1][0][0], len(words)), entities[-1][1])
        if words:
            yield key, (words, entities)


def read_embedded(lang: str) -> Iterator[Item]:
    """Yield the 1:1 beads of the embedded corpus's training and development documents."""
    nlp = blank_multilingual()
    for split in ("train", "dev"):
        for document in read_marked(CHECKOUT / "assets" / f"{split}.jsonl"):
            docs = {doc.spans["xlre"].attrs["lang"]: doc for doc in gold_docs(nlp, document)}
            sides = [list(docs[code].sents) for code in ("en", lang)]
            for bead in document.beads:
                if len(bead.sentences["en"]) != 1 or len(bead.sentences[lang]) != 1:
                    continue
                source, target = sides[0][bead.sentences["en"][0]], sides[1][bead.sentences[lang][0]]
                ids = [[ent.kb_id_ for ent in side.ents] for side in (source, target)]
                # An entity that is named once on each side is its own counterpart.
                once = [ent for ent in source.ents if ids[0].count(ent.kb_id_) == ids[1].count(ent.kb_id_) == 1]
                gold = [next(t for t in target.ents if t.kb_id == ent.kb_id) for ent in once]
                if once:
                    yield Item(
                        [token.text for token in source],
                        [token.text for token in target],
                        [(e.start - source.start, e.end - source.start) for e in once],
                        [(e.start - target.start, e.end - target.start) for e in gold],
                        [e.label_ for e in once],
                        set(),
                    )


# The methods


def min_max(links: Links, span: Range) -> Optional[Range]:
    """Return the range from the first linked word to the last."""
    found = [j for i, j in links if span[0] <= i < span[1]]
    return (min(found), max(found) + 1) if found else None


def peers(encoder: Path, layer: int) -> Dict[str, Aligned]:
    """Return the other aligners, on the same encoder and layer."""
    import torch
    from simalign import SentenceAligner

    aligner = SentenceAligner(model=str(encoder), token_type="bpe", matching_methods="ai", layer=layer)

    def awesome(source: Words, target: Words) -> Links:
        pieces = [
            [aligner.embed_loader.tokenizer.tokenize(word) or ["<unk>"] for word in side] for side in (source, target)
        ]
        vectors = aligner.embed_loader.get_embed_list([[p for word in side for p in word] for side in pieces])
        owner = [[i for i, word in enumerate(side) for _ in word] for side in pieces]
        lengths = [len(side) for side in owner]
        similarity = vectors[0, : lengths[0]] @ vectors[1, : lengths[1]].T
        forward, backward = torch.softmax(similarity, 1), torch.softmax(similarity, 0)
        linked = (forward > AWESOME_THRESHOLD) & (backward > AWESOME_THRESHOLD)
        return {(owner[0][i], owner[1][j]) for i, j in linked.nonzero().tolist()}

    def simalign(kind: str) -> Aligned:
        return lambda source, target: set(aligner.get_word_aligns(source, target)[kind])

    return {"SimAlign argmax": simalign("inter"), "SimAlign itermax": simalign("itermax"), "awesome softmax": awesome}


def bitext_of(nlp: Language, item: Item) -> Doc:
    """Make a bitext of given words, each segment one sentence."""
    sides = {"source": item.source, "target": item.target}
    docs = {
        name: Doc(nlp.vocab, words=words, spaces=[not has_unspaced(word) for word in words])
        for name, words in sides.items()
    }
    doc = join_bitext(docs)
    starts = {0, *(position for segment in get_segments(doc).values() for position in (segment.start, segment.end))}
    for token in doc:
        token.is_sent_start = token.i in starts
    return doc


def ours(nlp: Language, items: List[Item], method: str) -> Iterator[List[Optional[Range]]]:
    """Align and project by one of our methods."""
    for doc, item in zip(nlp.pipe(bitext_of(nlp, item) for item in items), items):
        alignment = get_alignment(doc)
        pair = alignment.between("source", "target") if alignment is not None else None
        spans = [doc[start:end] for start, end in item.spans]
        if pair is None:
            yield [None] * len(spans)
            continue
        aligner: Any = nlp.get_pipe("xlre_aligner")
        projections = aligner.project(pair, spans) if method == "search" else project_entities(pair, spans, method)
        yield [
            (p.span.start - pair.target.start, p.span.end - pair.target.start) if p.span is not None else None
            for p in projections
        ]


def data_sets(args: argparse.Namespace) -> Dict[str, List[Item]]:
    if args.dev:
        sets = {f"embedded en-{lang}": list(read_embedded(lang)) for lang in ("de", "es", "fr", "zh")}
        sets.update(
            {f"crossre dev en-{lang}": list(read_crossre(args.data / "crossre", lang, "dev")) for lang in CROSSRE}
        )
    else:
        sets = {"relx en-de": list(read_relx(args.data / "relx"))}
        sets.update({f"crossre en-{lang}": list(read_crossre(args.data / "crossre", lang, "test")) for lang in CROSSRE})
        sets.update({f"pud en-{lang}": list(read_pud(args.data / "ner-parallel", lang)) for lang in PUD})
    # Every so many sentences, so that all domains are in a sample.
    limit = 40 if args.quick else args.limit
    return {name: items[:: max(1, len(items) // limit)][:limit] for name, items in sets.items()}


def measure(args: argparse.Namespace) -> Iterator[Row]:
    sets = data_sets(args)
    others = peers(args.encoder, args.layer) if not args.without_peers else {}
    pipelines = {"untrained": blank_multilingual()}
    pipelines["untrained"].add_pipe(
        "xlre_aligner",
        config={"encoder": str(args.encoder), "layer": args.layer, "keep_sentences": True, "bead_probs": False},
    )
    if args.pipeline is not None:
        pipelines["trained"] = spacy.load(args.pipeline)
        aligner: Any = pipelines["trained"].get_pipe("xlre_aligner")
        aligner.configure(bead_probs=False, keep_sentences=True, min_prob=0.0)
    for name, items in sets.items():
        if not wanted(args, name):
            continue
        best = 0.0
        for peer, align in others.items():
            score = Score()
            for item in items:
                links = align(item.source, item.target)
                score.add(item, [min_max(links, span) for span in item.spans])
            best = max(best, score.f1)
            yield Row(f"{name}, {peer}, min-max", "span F1", score.f1)
            yield Row(f"{name}, {peer}, min-max", "coverage %", score.coverage)
        for state, nlp in pipelines.items():
            for method in (*PROJECTIONS, "search"):
                score = Score()
                for item, found in zip(items, ours(nlp, items, method)):
                    score.add(item, found)
                row = f"{name}, {state}, {method}"
                goal = ">= 97.5" if name.startswith("relx") and method == "search" else ""
                yield Row(row, "span F1", score.f1, goal=goal)
                yield Row(row, "coverage %", score.coverage)
                if others and method == "search" and not name.startswith("relx"):
                    share = 100 * (100 - score.f1) / (100 - best)
                    yield Row(row, "errors, % of the better peer's", share, goal="<= 50")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--layer", type=int, default=7)
    parser.add_argument("--pipeline", type=Path, help="a pipeline with a trained aligner")
    parser.add_argument("--limit", type=int, default=500, help="most sentences of a set (default: 500)")
    parser.add_argument("--dev", action="store_true", help="the development data")
    parser.add_argument("--without-peers", action="store_true", help="only our own methods")
    parsed = parser.parse_args()
    if parsed.dev or parsed.without_peers:
        print_table(list(measure(parsed)), "projection, not kept as a result")
    else:
        finish("projection", list(measure(parsed)), parsed, seeds=[])
