"""The encoder of a component: loaded on first use, stored whole with its pipeline."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional

from ...files import PathLike

if TYPE_CHECKING:
    from .encoder import AlignmentEncoder

STORED = (".json", ".txt", ".model", ".safetensors")


class EncoderHolder:
    """An encoder by name, or by the files of its folder. Nothing is read, and torch not imported, before it is needed.

    name (str): An encoder folder or a hub name, used until there are files.
    settings: The arguments of `AlignmentEncoder` beside the name.
    """

    def __init__(self, name: str, **settings: Any) -> None:
        self.name = name
        self.settings = settings
        self._files: Optional[Dict[str, bytes]] = None
        self._loaded: Optional[AlignmentEncoder] = None

    def get(self) -> "AlignmentEncoder":
        """Return the encoder, loading it the first time.

        RAISES (XlreError): If it cannot be loaded.
        """
        if self._loaded is None:
            from .encoder import AlignmentEncoder

            if self._files is None:
                self._loaded = AlignmentEncoder(self.name, **self.settings)
            else:
                with tempfile.TemporaryDirectory() as folder:
                    write_files(self._files, folder)
                    self._loaded = AlignmentEncoder(folder, **self.settings)
                self._files = None
        return self._loaded

    def files(self) -> Dict[str, bytes]:
        """Return the files of the encoder's folder; a hub name is fetched for it.

        RAISES (XlreError): If it has to be loaded and cannot be.
        """
        if self._files is not None:
            return self._files
        if self._loaded is None and Path(self.name).is_dir():
            return read_files(self.name)
        with tempfile.TemporaryDirectory() as folder:
            self.get().save(folder)
            return read_files(folder)

    def set_files(self, files: Dict[str, bytes]) -> None:
        """Take the encoder from these files from now on."""
        self._files = files
        self._loaded = None


def read_files(folder: PathLike) -> Dict[str, bytes]:
    """Read what belongs to an encoder out of its folder."""
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.suffix in STORED}


def write_files(files: Dict[str, bytes], folder: PathLike) -> None:
    """Write an encoder's files into a folder, which is made if needed."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / Path(name).name).write_bytes(content)
