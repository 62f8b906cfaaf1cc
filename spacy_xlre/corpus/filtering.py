"""Bitext filtering: bitexts in, for each what is kept of it and what is wrong with the rest.

Segments are judged by themselves (letters, script, language), then in pairs (copies, lengths, P(s,t)). A segment with a
fault is dropped; of two that do not fit each other, the one that fits fewer of the others. What has two segments left
is kept with these. At last comes what was there before. Nothing is lost: what is not kept is in a verdict.
"""

import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from spacy.tokens import Doc, Span

from ..errors import Errors, fail
from ..tokens.bitext import PairAlignment, get_alignment, get_segments, is_bitext
from ..tokens.relations import get_bitext_id
from ..tokens.subset import keep_segments
from .filters import (
    Identifier,
    LengthNorm,
    copied,
    empty,
    improbable,
    length_norm,
    log_ratio,
    near_key,
    unlike_length,
    wrong_language,
    wrong_script,
)

DUPLICATES: Dict[str, Optional[Callable[[str], str]]] = {"near": near_key, "exact": str.strip, "keep": None}


@dataclass(frozen=True)
class FilterSettings:
    """The thresholds of all filters, chosen on NTREX with faults put into it; see `benchmarks/filtering.py`.

    min_prob (float): The least mean P(s,t) of a pair's beads, by length; needs aligned bitexts. 0 for none.
    lowest_prob (float): The least P(s,t) of each bead. 0 for none: one bad sentence does not condemn a document.
    min_script (float): The least share of a segment's letters that are of its language's script. 0 for no check.
    min_language (float): How probable a segment's language must be, in units of the best other one. 0 for no check.
    max_length (float): How many spreads a pair's ratio of lengths may be from what is usual. Infinity for no check.
    max_copied (float): The largest share of words, names aside, that are the same on both sides; related languages may
        share more. 1 for no check.
    duplicates (str): Which later bitexts to drop: "near" for those that differ in case, spaces and punctuation only,
        "exact", or "keep" for none.
    """

    min_prob: float = 0.07
    lowest_prob: float = 0.0
    min_script: float = 0.2
    min_language: float = 0.1
    max_length: float = 2.5
    max_copied: float = 0.4
    duplicates: str = "near"


@dataclass(frozen=True)
class Fault:
    """What a filter found: its name, the reason for a person, and the languages of the segments concerned."""

    filter: str
    reason: str
    langs: Tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.filter} ({'-'.join(self.langs)}): {self.reason}" if self.langs else f"{self.filter}: {self.reason}"
        )


@dataclass(frozen=True)
class Verdict:
    """The judgement of one Doc.

    number (int): Which Doc it is, from 1.
    doc (Doc): The Doc.
    kept (Optional[Doc]): What is kept: the Doc itself, one with fewer segments, or None.
    faults (List[Fault]): Why the rest is not.
    dropped (Dict[str, str]): The texts that are not kept by language; of a Doc that is no bitext, its text.
    """

    number: int
    doc: Doc
    kept: Optional[Doc]
    faults: List[Fault]
    dropped: Dict[str, str]

    @property
    def content(self) -> str:
        """The dropped texts as a JSON object that `spacy xlre corpus` reads."""
        return json.dumps({"id": get_bitext_id(self.doc), "texts": self.dropped}, ensure_ascii=False)


def filter_bitexts(
    docs: Sequence[Doc], settings: Optional[FilterSettings] = None, identify: Optional[Identifier] = None
) -> Iterator[Verdict]:
    """Judge bitexts, all against what is usual among them.

    docs (Sequence[Doc]): Bitexts. Aligned ones are judged by their P(s,t), too. Docs that are no bitexts are not kept.
    settings (FilterSettings): Thresholds.
    identify (Optional[Identifier]): What tells languages apart, see `load_identifier`; None for scripts only.
    YIELDS (Verdict): One for each Doc, in order.
    RAISES (XlreError): If there is no such way to treat duplicates.
    """
    settings = settings or FilterSettings()
    if settings.duplicates not in DUPLICATES:
        raise fail(Errors.X513, found=settings.duplicates, ways=", ".join(DUPLICATES))
    norms = length_norms(docs)
    key = DUPLICATES[settings.duplicates]
    seen: Dict[bytes, int] = {}
    for number, doc in enumerate(docs, start=1):
        if not is_bitext(doc):
            yield Verdict(number, doc, None, [Fault("bitext", "it is none", ())], {"": doc.text})
            continue
        segments = get_segments(doc)
        langs, faults = _judge(doc, segments, settings, norms, identify)
        if langs and key is not None:
            texts = sorted((lang, key(segments[lang].text)) for lang in langs)
            digest = hashlib.blake2b(json.dumps(texts).encode("utf-8"), digest_size=16).digest()
            first = seen.setdefault(digest, number)
            if first != number:
                faults.append(Fault("duplicate", f"the same as number {first}", ()))
                langs = []
        dropped = {lang: segment.text for lang, segment in segments.items() if lang not in langs}
        yield Verdict(number, doc, keep_segments(doc, langs) if langs else None, faults, dropped)


def length_norms(docs: Sequence[Doc]) -> Dict[Tuple[str, str], LengthNorm]:
    """Return the usual ratios of lengths by pair of languages, in the order in which segments stand."""
    ratios: Dict[Tuple[str, str], List[float]] = defaultdict(list)
    for doc in filter(is_bitext, docs):
        for (left, source), (right, target) in combinations(get_segments(doc).items(), 2):
            ratios[left, right].append(log_ratio(source.text, target.text))
    return {pair: length_norm(found) for pair, found in ratios.items()}


def count_faults(verdicts: Sequence[Verdict]) -> Dict[str, Tuple[int, int]]:
    """Return for each filter how many Docs it took whole, and how many in part; of several faults the first counts."""
    whole = Counter(v.faults[0].filter for v in verdicts if v.faults and v.kept is None)
    part = Counter(v.faults[0].filter for v in verdicts if v.faults and v.kept is not None)
    return {name: (whole[name], part[name]) for name in sorted({*whole, *part})}


def _judge(
    doc: Doc,
    segments: Dict[str, Span],
    settings: FilterSettings,
    norms: Dict[Tuple[str, str], LengthNorm],
    identify: Optional[Identifier],
) -> Tuple[List[str], List[Fault]]:
    """Return the languages to keep, two or more or none, and all faults that were found on the way."""
    faults = []
    langs = []
    for lang, segment in segments.items():
        found = _segment_fault(lang, segment.text, settings, identify)
        if found is None:
            langs.append(lang)
        else:
            faults.append(found)
    if len(langs) < 2:
        return [], faults
    alignment = get_alignment(doc)
    pairs = {frozenset((p.source.label_, p.target.label_)): p for p in alignment.pairs} if alignment else {}
    wrong: List[Fault] = []
    for left, right in combinations(langs, 2):
        norm = norms[left, right] if (left, right) in norms else LengthNorm()
        wrong += _pair_faults(segments[left], segments[right], pairs.get(frozenset((left, right))), norm, settings)
    unfit = {frozenset(fault.langs) for fault in wrong}
    while unfit:
        counts = Counter(lang for pair in unfit for lang in pair)
        # Of equals, the later one goes: the first is mostly the original.
        worst = max(langs, key=lambda lang: (counts[lang], langs.index(lang)))
        langs.remove(worst)
        unfit = {pair for pair in unfit if worst not in pair}
    return langs if len(langs) > 1 else [], faults + wrong


def _segment_fault(lang: str, text: str, settings: FilterSettings, identify: Optional[Identifier]) -> Optional[Fault]:
    for name, reason in (
        ("empty", empty(text)),
        ("script", wrong_script(text, lang, settings.min_script)),
        ("language", wrong_language(text, lang, identify, settings.min_language)),
    ):
        if reason is not None:
            return Fault(name, reason, (lang,))
    return None


def _pair_faults(
    source: Span, target: Span, alignment: Optional[PairAlignment], norm: LengthNorm, settings: FilterSettings
) -> Iterator[Fault]:
    for name, reason in (
        ("copied", copied(source, target, settings.max_copied)),
        ("length", unlike_length(source.text, target.text, norm, settings.max_length)),
        ("probability", improbable(alignment, settings.min_prob, settings.lowest_prob)),
    ):
        if reason is not None:
            yield Fault(name, reason, (source.label_, target.label_))
            return
