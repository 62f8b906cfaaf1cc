"""How the words of names change in a language, learned from names and the forms that they take in texts.

A pattern has an ending and a replacement for each word of a name, with the letter before what changes: "ия" and "ии"
for Россия, России; "н н" and "на на" for Алан Бин, Алана Бина; "*" for a word that stays as it is. Patterns are kept in
a table, `inflections.tsv`, with the columns lang, endings, replacements and names (how many names showed it).
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Collection, Dict, Iterator, List, Mapping, Optional, Set, Tuple, Union

from ..errors import Errors, fail
from ..files import atomic_file, read_lines

HEADER = ("lang", "endings", "replacements", "names")
# Letters of a word that stay, and the most that change on either side, the letter before them included.
MIN_STEM = 3
MAX_ENDING = 5
SAME = "*"

Pattern = Tuple[Tuple[str, str], ...]


@dataclass
class Inflections:
    """Patterns of several languages.

    patterns (Dict[str, Dict[Pattern, int]]): By language, how many names showed each pattern.
    """

    patterns: Dict[str, Dict[Pattern, int]]

    def forms(self, name: str, lang: str) -> Iterator[str]:
        """Yield the forms of a name, the name itself not among them."""
        words = name.split(" ")
        for pattern in self.patterns.get(lang, {}):
            if len(pattern) == len(words):
                changed = [_apply(word, *change) for word, change in zip(words, pattern)]
                if None not in changed:
                    yield " ".join(word for word in changed if word)

    def write(self, path: Union[str, Path]) -> None:
        """Write the table, the most frequent patterns first."""
        with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8") as file_:
            file_.write("\t".join(HEADER) + "\n")
            for lang, patterns in sorted(self.patterns.items()):
                for pattern, count in sorted(patterns.items(), key=lambda item: (-item[1], item[0])):
                    sides = (" ".join(side) for side in zip(*pattern))
                    file_.write("\t".join((lang, *sides, str(count))) + "\n")


def read_inflections(path: Union[str, Path]) -> Inflections:
    """Read a table of patterns.

    RAISES (XlreError): If the file is missing, has another header, or a line that is no pattern.
    """
    found: Dict[str, Dict[Pattern, int]] = defaultdict(dict)
    for line, text in read_lines(path):
        cells = text.split("\t")
        if line == 1:
            if tuple(cells) != HEADER:
                raise fail(Errors.X115, path=path, header=" ".join(HEADER))
        elif text.strip():
            if len(cells) != len(HEADER) or not cells[3].isdecimal():
                raise fail(Errors.X116, path=path, line=line)
            endings, replacements = cells[1].split(" "), cells[2].split(" ")
            if len(endings) != len(replacements) or not all((*endings, *replacements)):
                raise fail(Errors.X116, path=path, line=line)
            found[cells[0]][tuple(zip(endings, replacements))] = int(cells[3])
    return Inflections(dict(found))


def learn_inflections(forms: Mapping[Tuple[str, str], Collection[str]], min_names: int = 3) -> Dict[Pattern, int]:
    """Learn the patterns of a language.

    forms (Mapping[Tuple[str, str], Collection[str]]): The forms in which each name was seen, by (entity, name).
    min_names (int): How many different names must show a pattern.
    RETURNS (Dict[Pattern, int]): How many names showed each.
    """
    names: Dict[Pattern, Set[str]] = defaultdict(set)
    for (_, name), seen in forms.items():
        for form in seen:
            pattern = pattern_of(name, form)
            if pattern is not None:
                names[pattern].add(name)
    return {pattern: len(seen) for pattern, seen in names.items() if len(seen) >= min_names}


def pattern_of(name: str, form: str) -> Optional[Pattern]:
    """Return how a form differs from a name; None if it does not, or by more than endings."""
    words, changed = name.split(" "), form.split(" ")
    if len(words) != len(changed) or name == form:
        return None
    pattern: List[Tuple[str, str]] = []
    for word, other in zip(words, changed):
        kept = 0
        while kept < min(len(word), len(other)) and word[kept] == other[kept]:
            kept += 1
        if word == other:
            pattern.append((SAME, SAME))
        elif kept < MIN_STEM or max(len(word), len(other)) - kept >= MAX_ENDING:
            return None
        else:
            pattern.append((word[kept - 1 :], other[kept - 1 :]))
    return tuple(pattern)


def _apply(word: str, ending: str, replacement: str) -> Optional[str]:
    if ending == SAME:
        return word
    if not word.endswith(ending) or len(word) - len(ending) + 1 < MIN_STEM:
        return None
    return word[: len(word) - len(ending)] + replacement
