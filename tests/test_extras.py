import sys

import pytest

from spacy_xlre.errors import XlreError
from spacy_xlre.extras import need


def test_an_installed_package_is_imported():
    assert need("json", extra="kb") is sys.modules["json"]


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "marisa_trie", None)
    with pytest.raises(XlreError, match=r'\[X751\] .*marisa_trie.* pip install "spacy-xlre\[kb\]"'):
        need("marisa_trie", extra="kb")


def test_a_package_that_lacks_another_is_not_called_missing(monkeypatch, tmp_path):
    (tmp_path / "broken_package.py").write_text("import no_such_package_at_all", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package_at_all"):
        need("broken_package", extra="kb")
