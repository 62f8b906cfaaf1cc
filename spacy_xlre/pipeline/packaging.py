"""Packages of a trained pipeline: whole, and with the relation component self-contained."""

import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from spacy.language import Language

from ..files import PathLike, atomic_folder
from .standalone import make_standalone


def package_pipeline(
    nlp: Language, output: PathLike, *, name: str, version: str, wheel: bool = True, code: Optional[Path] = None
) -> List[Path]:
    """Write two installable packages of a trained pipeline.

    nlp (Language): The pipeline, with a relation component, loaded from a folder.
    output (str or Path): Folder for the packages; replaced as a whole when both are built.
    name (str): Package name without the language, for example "relations". The second package is `NAME_component`:
        its `xlre_relation` has an encoder of its own, so that any pipeline can source it.
    version (str): The version of both.
    wheel (bool): Build wheels too.
    code (Optional[Path]): A Python file with functions that the pipeline needs; both packages bring it.
    RETURNS (List[Path]): The wheels, or the package folders where none are built.
    """
    from spacy.cli.package import package

    output = Path(output)
    codes = [] if code is None else [code]
    settings: Dict[str, Any] = {"version": version, "create_sdist": False, "create_wheel": wheel}
    with tempfile.TemporaryDirectory() as temporary, atomic_folder(output, marker="packages.txt") as building:
        standalone = Path(temporary) / "standalone"
        make_standalone(nlp).to_disk(standalone)
        for folder, package_name in ((Path(nlp.path or ""), name), (standalone, f"{name}_component")):
            package(folder, building, code_paths=codes, name=package_name, **settings)
        pattern = "*/dist/*.whl" if wheel else "*/meta.json"
        built = sorted(path if wheel else path.parent for path in building.glob(pattern))
        names = [path.relative_to(building) for path in built]
        (building / "packages.txt").write_text("".join(f"{path}\n" for path in names), encoding="utf-8")
    return [output / path for path in names]
