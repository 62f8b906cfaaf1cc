"""Finding names in running text: speed, memory and size as the number of names grows, beside spaCy and Aho-Corasick.

    python benchmarks/speed_matching.py --data DIR --work FOLDER --sizes 10000 100000 1000000 10000000

DIR holds `kb/xfactr/` (github.com/jzbjyb/X-FACTR), whose English names are taken first, and `wikineural/`
(github.com/Babelscape/wikineural), whose English sentences are read. Beyond X-FACTR's, names are made up: one to three
capitalised words of random letters. Each matcher is built and run in a process of its own, on one core: ours with and
without endings (`inflection`), spaCy's `PhraseMatcher`, and `ahocorasick_rs` (`pip install ahocorasick-rs`) over
characters. Text is tokenised beforehand. Memory is what the process has more after building or loading than before.
The others are left out beyond --others names, where they take tens of gigabytes. --work keeps the knowledge bases.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Dict, Iterator, List, Tuple

from common import Row, arguments, finish, median_and_spread, wanted

from spacy_xlre.kb.build import build_kb
from spacy_xlre.kb.importing.sink import ENTITIES, FACTS, PROPERTIES

LETTERS = "abcdefghijklmnoprstuvwz"
SAME = "same mentions as PhraseMatcher, %"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
OURS = ("ours", "ours, exact")
MATCHERS = (*OURS, "PhraseMatcher", "ahocorasick_rs")
# What runs in each process: `names` (a file), `store` (ours) and `texts` (a file) are given.
WORKER = """
import gc, json, resource, sys, time
from pathlib import Path

import spacy
from spacy_xlre.kb.names import is_matchable
from spacy_xlre.tokens.blank import blank_multilingual

matcher, names, store, texts, repeats = sys.argv[1:6]
nlp = blank_multilingual()
docs = [nlp.make_doc(line) for line in Path(texts).read_text(encoding="utf-8").splitlines()]

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20

before, start = resident(), time.perf_counter()
if matcher.startswith("ours"):
    from spacy_xlre.kb.matcher import MentionMatcher
    from spacy_xlre.kb.store import KnowledgeBase

    ours = MentionMatcher(KnowledgeBase.open(store), "en", inflection=matcher == "ours", parts=True)
    find = lambda doc: [(m.start, m.end) for m in ours(doc)]
elif matcher == "PhraseMatcher":
    from spacy.matcher import PhraseMatcher

    phrases = PhraseMatcher(nlp.vocab)
    lines = Path(names).read_text(encoding="utf-8").splitlines()
    phrases.add("name", list(nlp.tokenizer.pipe(lines)))
    find = lambda doc: spacy.util.filter_spans(phrases(doc, as_spans=True))
else:
    from ahocorasick_rs import AhoCorasick, MatchKind

    automaton = AhoCorasick(Path(names).read_text(encoding="utf-8").splitlines(), matchkind=MatchKind.LeftmostLongest)
    find = lambda doc: automaton.find_matches_as_indexes(doc.text)
built, memory = time.perf_counter() - start, resident() - before
for doc in docs[:50]:
    find(doc)
# The texts stay; without them in the way, the garbage collector costs what it costs in a stream.
gc.freeze()
times = []
for _ in range(int(repeats)):
    start = time.perf_counter()
    for doc in docs:
        find(doc)
    times.append(time.perf_counter() - start)
tokens = sum(map(len, docs))
if matcher == "PhraseMatcher":
    # Numbers and stop words are no names for us.
    def find(doc):
        spans = [span for span in phrases(doc, as_spans=True) if is_matchable(span.text, "en")]
        return [(span.start, span.end) for span in spacy.util.filter_spans(spans)]

found = [] if matcher == "ahocorasick_rs" else [find(doc) for doc in docs]
print(json.dumps({"built": built, "memory": memory, "speeds": [tokens / t for t in times], "found": found}))
"""


def read_names(data: Path, size: int) -> List[str]:
    """Return different English names, X-FACTR's first."""
    found: Dict[str, None] = {}
    for line in (data / "kb" / "xfactr" / "aliases" / "en.txt").read_text(encoding="utf-8").splitlines():
        found.update(dict.fromkeys(name for name in line.split("\t")[1:] if len(name) > 2))
        if len(found) >= size:
            return list(found)[:size]
    random = Random(0)
    while len(found) < size:
        words = ("".join(random.choices(LETTERS, k=random.randint(3, 9))).title() for _ in range(random.randint(1, 3)))
        found[" ".join(words)] = None
    return list(found)


def write_store(names: List[str], folder: Path) -> Path:
    """Build a knowledge base of one entity a name."""
    with (folder / ENTITIES).open("w", encoding="utf-8") as file_:
        for number, name in enumerate(names):
            record = {"id": f"Q{number}", "names": {"en": [name]}}
            file_.write(json.dumps(record, ensure_ascii=False) + "\n")
    (folder / FACTS).write_text("Q0\tP1\tQ1\n", encoding="utf-8")
    (folder / PROPERTIES).write_text('{"id": "P1"}\n', encoding="utf-8")
    build_kb(folder / ENTITIES, folder / FACTS, folder / PROPERTIES, folder / "kb")
    return folder / "kb"


def prepare(data: Path, work: Path, size: int) -> Path:
    """Write names and their knowledge base into a folder, unless that was done."""
    folder = work / str(size)
    if not folder.exists():
        unfinished = work / f"{size}.unfinished"
        unfinished.mkdir(exist_ok=True)
        names = read_names(data, size)
        (unfinished / "names.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
        write_store(names, unfinished)
        unfinished.rename(folder)
    return folder


def sentences(data: Path, limit: int) -> List[str]:
    """Return WikiNEuRal's English sentences, one a line."""
    found: List[str] = []
    words: List[str] = []
    for line in (data / "wikineural" / "en-test.conllu").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields:
            words.append(fields[1])
        elif words:
            found.append(" ".join(words))
            words = []
    return found[:limit]


def run(matcher: str, names: Path, store: Path, texts: Path, repeats: int) -> Dict[str, object]:
    """Build and run a matcher in a fresh process."""
    words = [sys.executable, "-c", WORKER, matcher, str(names), str(store), str(texts), str(repeats)]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def agreement(ours: List[List[Tuple[int, int]]], theirs: List[List[Tuple[int, int]]]) -> float:
    """Return the share of all mentions that both found, in percent."""
    one, other = ({(i, *span) for i, spans in enumerate(side) for span in map(tuple, spans)} for side in (ours, theirs))
    return 100 * len(one & other) / max(1, len(one | other))


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield speed, memory, time and size by number of names and matcher."""
    sizes = [10_000] if args.quick else args.sizes
    speeds: Dict[Tuple[str, int], float] = {}
    args.work.mkdir(parents=True, exist_ok=True)
    texts = args.work / "texts.txt"
    texts.write_text("\n".join(sentences(args.data, args.sentences)) + "\n", encoding="utf-8")
    for size in sizes:
        folder = prepare(args.data, args.work, size)
        trie = sum(path.stat().st_size for path in (folder / "kb").rglob("*.marisa"))
        yield Row(f"{size} names, ours", "bytes a name, memory-mapped trie", trie / size, goal="<= 12")
        whole = sum(path.stat().st_size for path in (folder / "kb").rglob("*") if path.is_file())
        yield Row(f"{size} names, ours", "bytes a name, whole store", whole / size)
        found: Dict[str, Dict] = {}
        for matcher in MATCHERS:
            row = f"{size} names, {matcher}"
            if not wanted(args, row) or (matcher not in OURS and size > args.others):
                continue
            found[matcher] = run(matcher, folder / "names.txt", folder / "kb", texts, args.repeats)
            speed, spread = median_and_spread(found[matcher]["speeds"])
            speeds[matcher, size] = speed
            yield Row(row, "tokens/s, one core", speed, spread, goal=">= 600000" if matcher == "ours" else "")
            goal = "< 1" if matcher in OURS else ""
            yield Row(row, "s to load" if matcher in OURS else "s to build", found[matcher]["built"], goal=goal)
            yield Row(row, "MB in memory", found[matcher]["memory"])
        if {"ours, exact", "PhraseMatcher"} <= set(found):
            same = agreement(found["ours, exact"]["found"], found["PhraseMatcher"]["found"])
            yield Row(f"{size} names, ours, exact", SAME, same)
            share = found["PhraseMatcher"]["memory"] / found["ours"]["memory"]
            yield Row(
                f"{size} names, ours",
                "PhraseMatcher's memory, times ours",
                share,
                goal=">= 50" if size >= 10**6 else "",
            )
    if len(sizes) > 1 and ("ours", sizes[-1]) in speeds:
        lost = 100 * (1 - speeds["ours", sizes[-1]] / speeds["ours", sizes[0]])
        yield Row(f"ours, from {sizes[0]} to {sizes[-1]} names", "% of the speed lost", lost, goal="<= 20")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000], help="numbers of names"
    )
    parser.add_argument("--sentences", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--others", type=int, default=1_000_000, help="most names for the others (default: 1000000)")
    parser.add_argument("--work", type=Path, required=True, help="folder for the knowledge bases")
    parsed = parser.parse_args()
    finish("speed_matching", list(measure(parsed)), parsed, seeds=[])
