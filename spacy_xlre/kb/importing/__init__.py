"""Importers: from other people's knowledge bases to the three source files that `kb build` reads.

The road: `streams` (files, packed or not, record by record) -> one module a format, which says what each record
states -> `sink` (collects it on disk, where an import that was interrupted goes on, and writes the files).
"""

from .sink import ImportReport, import_kb

__all__ = ["ImportReport", "import_kb"]
