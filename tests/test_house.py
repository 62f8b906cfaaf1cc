"""The rules of CONTRIBUTING.md, checked over the whole tree."""

import ast
import configparser
import importlib
import re
import string
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distributions, requires
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Set, Tuple

import pytest

from spacy_xlre.about import __version__
from spacy_xlre.errors import Errors

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "spacy_xlre"
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = [*MODULES, *sorted((CHECKOUT / "tests").rglob("*.py")), *sorted((CHECKOUT / "benchmarks").glob("*.py"))]
MAX_LINES = 400
HEAVY = {"torch", "transformers", "spacy_transformers"}
FLOORS = [
    {"tokens"},
    {"kb", "encoder", "ml"},
    {"pipeline", "scoring", "corpus"},
    {"labeling"},
    {"engine"},
    {"report"},
    {"cli"},
]
ROOMS = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
SETUP = configparser.ConfigParser(delimiters=("=",), interpolation=None)
SETUP.optionxform = str  # type: ignore[assignment, method-assign]
SETUP.read(CHECKOUT / "setup.cfg", encoding="utf-8")
CODES = sorted(name for name in vars(Errors) if not name.startswith("__"))


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def imports(tree: ast.AST, package: Tuple[str, ...], *, everywhere: bool) -> Iterator[str]:
    """Yield the absolute dotted names that a module imports, inside functions too or only when it is loaded."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = [*base, *([node.module] if node.module else [])]
            yield from (".".join([*start, alias.name]) for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from imports(ast.Module(node.orelse, []), package, everywhere=everywhere)
        elif everywhere or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from imports(node, package, everywhere=everywhere)


def imports_of(path: Path, *, everywhere: bool) -> List[str]:
    package = path.relative_to(CHECKOUT).parent.parts
    return list(imports(ast.parse(path.read_text(encoding="utf-8")), package, everywhere=everywhere))


def room_of(dotted: str) -> str:
    parts = [*dotted.split("."), ""]
    return parts[1] if parts[0] == "spacy_xlre" and parts[1] in ROOMS else ""


def entry_points() -> Dict[Tuple[str, str], str]:
    found = {}
    for group, lines in SETUP["options.entry_points"].items():
        for line in lines.strip().splitlines():
            name, _, target = line.partition("=")
            found[(group, name.strip())] = target.strip()
    return found


def readme_command(name: str) -> str:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"^<!-- command: {name} -->\n```\w*\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, f"README.md has {len(blocks)} blocks marked '<!-- command: {name} -->'"
    return blocks[0]


# Imports


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_imports_torch_when_it_is_loaded(path):
    assert not HEAVY & {name.split(".")[0] for name in imports_of(path, everywhere=False)}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def providers() -> Dict[str, Set[str]]:
    """Return the normalised names of the installed packages by the modules they hold, at the top."""
    found: Dict[str, Set[str]] = {}
    for package in distributions():
        name = plain(package.metadata["Name"])
        for top in {path.parts[0].partition(".")[0] for path in package.files or []}:
            found.setdefault(top, set()).add(name)
    return found


def brought_by(requirements: Iterable[str]) -> Set[str]:
    """Return the normalised names of all packages that requirements bring, extras left out."""
    found: Set[str] = set()
    waiting = list(requirements)
    while waiting:
        line = waiting.pop()
        name = plain(re.split(r"[^\w.-]", line.strip(), maxsplit=1)[0])
        if name not in found and "extra ==" not in line:
            found.add(name)
            with suppress(PackageNotFoundError):
                waiting.extend(requires(name) or [])
    return found


def test_modules_import_only_what_the_requirements_bring_when_they_are_loaded():
    packages = providers()
    brought = brought_by(SETUP["options"]["install_requires"].strip().splitlines())
    foreign = {
        f"{name_of(path)}: {name}"
        for path in MODULES
        for name in imports_of(path, everywhere=False)
        for top in [name.split(".")[0]]
        if top != "spacy_xlre" and top not in sys.stdlib_module_names
        if not packages.get(top, set()) & brought
    }
    assert not foreign, "import it inside the function, with spacy_xlre.extras.need"


def test_imports_inside_functions_are_told_from_those_of_the_module():
    source = "import a\nif b:\n    from .c import d\ndef f():\n    import torch\nclass G:\n    from .. import e"
    tree = ast.parse(source)
    assert list(imports(tree, ("p", "q"), everywhere=False)) == ["a", "p.q.c.d", "p.e"]
    assert list(imports(tree, ("p", "q"), everywhere=True)) == ["a", "p.q.c.d", "torch", "p.e"]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_downwards(path):
    room = room_of(".".join(path.relative_to(CHECKOUT).with_suffix("").parts))
    imported = {room_of(name) for name in imports_of(path, everywhere=True)} - {""}
    if room:
        assert not {other for other in imported if ROOMS[other] > ROOMS[room]}
    else:
        assert imported <= {"tokens"}


def test_rooms_of_one_floor_do_not_import_each_other_in_a_circle():
    edges = {
        (room_of(f"spacy_xlre.{path.relative_to(PACKAGE).parts[0]}"), room_of(name))
        for path in MODULES
        for name in imports_of(path, everywhere=True)
    }
    circles = {(a, b) for a, b in edges if a and b and a < b and (b, a) in edges}
    assert not circles


def test_every_folder_of_the_package_is_a_room_and_says_what_it_is_for():
    folders = [path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert set(folders) <= set(ROOMS)
    for folder in folders:
        assert ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text(encoding="utf-8")))


WITHOUT_TORCH = """
import importlib.metadata, sys
from pathlib import Path

HIDDEN = {"torch", "transformers", "spacy-transformers"}
find = importlib.metadata.distributions
importlib.metadata.distributions = lambda **kw: (d for d in find(**kw) if d.metadata["Name"] not in HIDDEN)
for name in ("torch", "transformers", "spacy_transformers"):
    sys.modules[name] = None

import importlib
import spacy
for path in sorted(Path(sys.argv[1]).rglob("*.py")):
    importlib.import_module(".".join(path.relative_to(Path(sys.argv[1]).parent).with_suffix("").parts))
for target in sys.argv[2:]:
    module, _, attribute = target.partition(":")
    getattr(importlib.import_module(module), attribute)

nlp = spacy.blank("xx")
nlp.add_pipe("xlre_relation")
nlp.initialize()
assert nlp("Ada Lovelace was born in London.")._.relations == []

from spacy.cli._util import setup_cli
for words in (["--help"], ["xlre", "--help"], ["info"]):
    sys.argv = ["spacy", *words]
    try:
        setup_cli()
    except SystemExit as end:
        assert not end.code, (words, end.code)
"""


def test_all_modules_commands_and_the_default_component_work_without_torch():
    command = [sys.executable, "-c", WITHOUT_TORCH, str(PACKAGE), *entry_points().values()]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


# Registration


@pytest.mark.parametrize(("key", "target"), entry_points().items(), ids=lambda item: str(item))
def test_entry_points_lead_somewhere(key, target):
    module, _, attribute = target.partition(":")
    assert callable(getattr(importlib.import_module(module), attribute))


def test_registered_names_are_ours_and_have_a_version():
    named = {name for group, name in entry_points() if group not in ("spacy_factories", "spacy_cli", "console_scripts")}
    assert not [name for name in named if not re.fullmatch(r"spacy_xlre\.\w+\.v\d+", name)]


# Errors


@pytest.mark.parametrize("code", CODES)
def test_error_messages_are_one_line_with_a_code(code):
    message = getattr(Errors, code)
    assert re.fullmatch(r"X\d{3}", code)
    assert message.startswith(f"[{code}] ")
    assert "\n" not in message
    assert re.search(r"(\.|: [^.]+)$", message), "it should end with what to do: a sentence, or a command after a colon"
    assert all(field is None or field.isidentifier() for _, field, _, _ in string.Formatter().parse(message))


def test_every_error_message_is_used_and_every_used_one_exists():
    text = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    assert set(re.findall(r"\bErrors\.(X\w+)", text)) == set(CODES)


def test_error_codes_are_given_once():
    source = (PACKAGE / "errors.py").read_text(encoding="utf-8")
    given = re.findall(r"^    (X\w+) = ", source, re.MULTILINE)
    assert sorted(given) == CODES


# Files


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_file_is_too_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_no_file_names_a_path_of_one_machine():
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=False).stdout.split(
        b"\0"
    )
    paths = [CHECKOUT / name.decode() for name in tracked if name] or SOURCES
    pattern = re.compile(r"(?<![\w.~:/-])(?:/(?:home|root|work|Users|mnt)/|[A-Z]:\\Users)")
    suffixes = {".py", ".md", ".cfg", ".toml", ".yml", ".txt", ".json", ""}
    found = [
        f"{name_of(path)}: {match.group()}"
        for path in paths
        if path.suffix in suffixes and path.is_file()
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


# Commands and version


def test_the_readme_has_two_commands_of_one_line():
    main, test = readme_command("main"), readme_command("test")
    assert main.count("\n") == test.count("\n") == 1
    assert main.endswith("python -m spacy project run all\n")
    assert test.endswith("pytest\n")
    for command in (main, test):
        assert re.search(r"pip install (-q )?-c constraints\.txt -e \S+ && ", command)


@pytest.mark.parametrize("name", ["main", "test"])
def test_ci_runs_the_readmes_commands(name):
    script = CHECKOUT / ".ci" / "run"
    printed = subprocess.run(["bash", script, "--print", name], capture_output=True, text=True, check=True).stdout
    assert printed == readme_command(name)
    assert re.search(rf"^run {name}\b", script.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_changelog_begins_with_this_version():
    headings = re.findall(r"^## (\S+)", (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == __version__


def test_constraints_pin_every_direct_requirement_and_no_cuda_package():
    lines = [SETUP["options"]["install_requires"], *SETUP["options.extras_require"].values()]
    direct = {re.split(r"[<>=!~;\[ ]", line)[0] for block in lines for line in block.strip().splitlines()}
    pins = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([\w.-]+)==", pins, re.MULTILINE))
    assert direct - {"spacy-xlre"} <= pinned
    assert re.search(r"^torch==2\.13\.0$", pins, re.MULTILINE)
    assert not [name for name in pinned if name.startswith(("nvidia", "cuda", "triton"))]
