"""The encoder of a component: loaded on first use, stored whole with its pipeline, its trained layers apart."""

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
        self._words: Optional[bytes] = None
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
            if self._words is not None:
                self._loaded.load_word_layers(self._words)
                self._words = None
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

    def word_layers(self) -> Optional[bytes]:
        """Return the trained layers as the bytes of a safetensors file, None if there are none."""
        return self._words if self._loaded is None else self._loaded.save_word_layers()

    def set_word_layers(self, layers: bytes) -> None:
        """Take trained layers from the bytes of a safetensors file."""
        self._words = layers
        if self._loaded is not None:
            self._loaded.load_word_layers(layers)

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
