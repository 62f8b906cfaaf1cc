"""Imports: what each format says, what is left out and why, and how an interrupted import goes on."""

import bz2
import gzip
import json
import sqlite3

import pytest

from spacy_xlre.errors import XlreError
from spacy_xlre.kb.build import build_kb
from spacy_xlre.kb.importing import import_kb, sink
from spacy_xlre.kb.importing.rdf import TYPES as RDF_TYPES
from spacy_xlre.kb.importing.rdf import RdfImporter
from spacy_xlre.kb.importing.source_files import SourceFilesImporter
from spacy_xlre.kb.importing.webnlg import WebNlgImporter
from spacy_xlre.kb.importing.wikidata import TYPES, WikidataImporter
from spacy_xlre.kb.importing.xfactr import XFactrImporter
from spacy_xlre.kb.store import KnowledgeBase


def value(id_):
    return {"snaktype": "value", "datavalue": {"type": "wikibase-entityid", "value": {"id": id_}}}


def statement(id_, rank="normal", **qualifiers):
    return {"mainsnak": value(id_), "rank": rank, "qualifiers": {p: [value(q)] for p, q in qualifiers.items()}}


def item(id_, labels, claims=None, aliases=None):
    return {
        "type": "item",
        "id": id_,
        "labels": {lang: {"language": lang, "value": name} for lang, name in labels.items()},
        "aliases": {
            lang: [{"language": lang, "value": name} for name in names] for lang, names in (aliases or {}).items()
        },
        "claims": {
            p: [statement(o) if isinstance(o, str) else o for o in objects] for p, objects in (claims or {}).items()
        },
    }


def prop(id_, labels, constraints=()):
    return {**item(id_, labels, {"P2302": list(constraints)}), "type": "property"}


DUMP = [
    item(
        "Q7259",
        {"en": "Ada Lovelace", "de": "Ada Lovelace", "xx-y": "?"},
        {"P31": ["Q5"], "P19": ["Q84"]},
        {"en": ["Ada"]},
    ),
    item("Q84", {"en": "London", "fr": "Londres"}, {"P31": ["Q515"], "P17": [statement("Q145", rank="deprecated")]}),
    item("Q515", {"en": "city"}, {"P279": ["Q486972"]}),
    # A cycle of classes, above which there is a place.
    item("Q486972", {"en": "settlement"}, {"P279": ["Q515", "Q2221906"]}),
    item("Q9", {}, {"P19": ["Q84"]}),
    {"type": "lexeme", "id": "L1", "lemmas": {}},
    prop(
        "P19",
        {"en": "place of birth"},
        [statement("Q19474404"), statement("Q21503250", P2308="Q5"), statement("Q21510865", P2308="Q515")],
    ),
    prop("P26", {"en": "spouse"}, [statement("Q21510862")]),
    prop("P527", {"en": "has part"}, [statement("Q21510855", P2306="P361")]),
]


def dump_text(records=DUMP):
    return "[\n" + ",\n".join(json.dumps(record) for record in records) + "\n]\n"


def read(folder, name):
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines] if name.endswith(".jsonl") else lines


@pytest.mark.parametrize(
    ("name", "pack"), [("dump.json", bytes), ("dump.json.gz", gzip.compress), ("dump.json.bz2", bz2.compress)]
)
def test_wikidatas_dump_is_read_plain_and_packed(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(dump_text().encode()))
    importer = WikidataImporter(["en", "de"], ["P19", "P26", "P527"])
    report = import_kb(importer, [tmp_path / name], tmp_path / "out", types=TYPES)
    entities = {record["id"]: record for record in read(tmp_path / "out", "entities.jsonl")}
    assert entities["Q7259"] == {
        "id": "Q7259",
        "types": ["PER"],
        "names": {"de": ["Ada Lovelace"], "en": ["Ada Lovelace", "Ada"]},
    }
    assert entities["Q84"]["types"] == ["LOC"]
    assert entities["Q84"]["names"] == {"en": ["London"]}
    assert read(tmp_path / "out", "facts.tsv") == ["subject\tproperty\tobject", "Q7259\tP19\tQ84"]
    properties = {record["id"]: record for record in read(tmp_path / "out", "properties.jsonl")}
    born = properties["P19"]
    assert (born["names"], born["head_types"], born["tail_types"]) == ({"en": "place of birth"}, ["PER"], ["LOC"])
    assert (born["functional"], properties["P26"]["symmetric"], properties["P527"]["inverse"]) == (True, True, "P361")
    assert report.counts == {"entities": 4, "names": 6, "facts": 1, "properties": 3, "rejected": 0}
    assert report.left_out == {"property not described": 0, "entity without a name": 1}
    assert not (tmp_path / "out" / sink.WORK).exists()


def test_an_import_can_be_built(tmp_path):
    (tmp_path / "dump.json").write_text(dump_text())
    import_kb(WikidataImporter(["en"], ["P19"]), [tmp_path / "dump.json"], tmp_path / "out", types=TYPES)
    build_kb(
        *(tmp_path / "out" / name for name in ("entities.jsonl", "facts.tsv", "properties.jsonl")), tmp_path / "kb"
    )
    kb = KnowledgeBase.open(tmp_path / "kb")
    assert kb.candidates("Ada", "en") == [("Q7259", 1.0)]
    assert [fact.property for fact in kb.facts_between("Q7259", "Q84")] == ["P19"]


def test_bad_lines_are_left_out_with_their_place_and_reason(tmp_path):
    lines = [json.dumps(DUMP[0]), '{"broken', json.dumps({"type": "item"}), '{"type":"item","id":"Q1","labels":[1]}']
    content = ("[\n" + ",\n".join(lines) + "\n").encode() + b"\xff\xfe,\n" + json.dumps(DUMP[1]).encode()
    (tmp_path / "dump.json").write_bytes(content)
    report = import_kb(WikidataImporter(), [tmp_path / "dump.json"], tmp_path / "out")
    assert report.counts["entities"] == 2
    rejected = [row.split("\t")[1:3] for row in read(tmp_path / "out", "rejects.tsv")[1:]]
    assert [line for line, _ in rejected] == ["3", "4", "5", "6"]
    assert [reason.split(":")[0] for _, reason in rejected] == [
        "bad JSON",
        "not an entity with an id",
        "not laid out as an entity of Wikidata",
        "not UTF-8",
    ]


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_a_packed_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path, suffix, pack):
    packed = pack(dump_text(DUMP * 200).encode())
    path = tmp_path / f"dump.json{suffix}"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    import_kb(WikidataImporter(), [path], tmp_path / "out")
    (row,) = read(tmp_path / "out", "rejects.tsv")[1:]
    assert "damaged from here on" in row


def test_an_interrupted_import_goes_on_and_gives_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(sink, "EVERY", 2)
    (tmp_path / "dump.json").write_text(dump_text())
    import_kb(WikidataImporter(), [tmp_path / "dump.json"], tmp_path / "whole", types=TYPES)
    taken = []

    class Killed(WikidataImporter):
        def take(self, record, target):
            taken.append(record.number)
            if len(taken) == 6:
                raise KeyboardInterrupt
            super().take(record, target)

    with pytest.raises(KeyboardInterrupt):
        import_kb(Killed(), [tmp_path / "dump.json"], tmp_path / "out", types=TYPES)
    assert not (tmp_path / "out" / "entities.jsonl").exists()
    import_kb(Killed(), [tmp_path / "dump.json"], tmp_path / "out", types=TYPES)
    assert taken[6:] == [6, 7, 8, 9, 10], "what was committed is not read again"
    for name in (sink.ENTITIES, sink.FACTS, sink.PROPERTIES):
        assert read(tmp_path / "out", name) == read(tmp_path / "whole", name)


def test_going_on_with_other_files_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(sink, "EVERY", 1)
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(dump_text(DUMP[: 2 if name == "a.json" else 3]))

    class Killed(WikidataImporter):
        def take(self, record, target):
            if record.number == 3:
                raise KeyboardInterrupt
            super().take(record, target)

    with pytest.raises(KeyboardInterrupt):
        import_kb(Killed(), [tmp_path / "a.json"], tmp_path / "out")
    with pytest.raises(XlreError, match="X112"):
        import_kb(WikidataImporter(), [tmp_path / "b.json"], tmp_path / "out")


def test_two_imports_into_one_folder_do_not_mix(tmp_path):
    (tmp_path / "dump.json").write_text(dump_text())
    (tmp_path / "out").mkdir()
    other = sqlite3.connect(tmp_path / "out" / sink.WORK)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(XlreError, match=r"X110.*another import"):
        import_kb(WikidataImporter(), [tmp_path / "dump.json"], tmp_path / "out")
    other.close()


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    (tmp_path / "dump.json").write_text(dump_text())

    def full(*args):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sink, "_write", full)
    with pytest.raises(XlreError, match=r"X111.*disk is full.*goes on"):
        import_kb(WikidataImporter(), [tmp_path / "dump.json"], tmp_path / "out")


def test_folders_without_such_files_and_missing_files_are_named(tmp_path):
    with pytest.raises(XlreError, match="X109"):
        import_kb(WikidataImporter(), [tmp_path], tmp_path / "out")
    with pytest.raises(XlreError, match="X002"):
        import_kb(WikidataImporter(), [tmp_path / "nothing.json"], tmp_path / "out")


TURTLE = """
@prefix dbr: <http://dbpedia.org/resource/> . @prefix dbo: <http://dbpedia.org/ontology/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
dbr:Ada_Lovelace a dbo:Mathematician ; rdfs:label "Ada Lovelace"@en ; skos:altLabel "Ada"@en, "Ada L."@de ;
    dbo:birthPlace dbr:London ; dbo:birthYear 1815 .
dbo:Mathematician rdfs:subClassOf dbo:Person .
dbr:London a dbo:Place ; rdfs:label "London"@en, "Londres"@fr, "untagged" .
dbo:birthPlace rdfs:label "birth place"@en ; rdfs:domain dbo:Person ; rdfs:range dbo:Place .
"""


def check_rdf(folder, report):
    entities = {record["id"]: record for record in read(folder, "entities.jsonl")}
    assert entities["Ada Lovelace"] == {
        "id": "Ada Lovelace",
        "types": ["PER"],
        "names": {"en": ["Ada Lovelace", "Ada"]},
    }
    assert read(folder, "facts.tsv")[1:] == ["Ada Lovelace\tbirthPlace\tLondon"]
    (born,) = read(folder, "properties.jsonl")
    assert (born["id"], born["names"], born["head_types"], born["tail_types"]) == (
        "birthPlace",
        {"en": "birth place"},
        ["PER"],
        ["LOC"],
    )
    assert report.counts["names"] == 4


def test_turtle_and_n_triples_say_the_same(tmp_path):
    pyoxigraph = pytest.importorskip("pyoxigraph")
    (tmp_path / "a.ttl").write_text(TURTLE)
    triples = pyoxigraph.parse(TURTLE, pyoxigraph.RdfFormat.TURTLE)
    lines = [f"{t.subject} {t.predicate} {t.object} .\n" for t in triples]
    (tmp_path / "a.nt.gz").write_bytes(gzip.compress(b"# a comment\n\n" + "".join(lines).encode()))
    for name in ("a.ttl", "a.nt.gz"):
        importer = RdfImporter(["en", "fr"])
        check_rdf(tmp_path / name[-3:], import_kb(importer, [tmp_path / name], tmp_path / name[-3:], types=RDF_TYPES))


def test_names_without_a_language_get_the_default_one(tmp_path):
    pytest.importorskip("pyoxigraph")
    (tmp_path / "a.ttl").write_text(TURTLE)
    import_kb(RdfImporter(["en"], default_language="en"), [tmp_path / "a.ttl"], tmp_path / "out")
    entities = {record["id"]: record for record in read(tmp_path / "out", "entities.jsonl")}
    assert entities["London"]["names"] == {"en": ["London", "untagged"]}


def test_bad_triples_are_left_out_and_bad_turtle_is_an_error_with_its_line(tmp_path):
    pytest.importorskip("pyoxigraph")
    good = '<http://x/a> <http://www.w3.org/2000/01/rdf-schema#label> "A"@en .\n'
    (tmp_path / "a.nt").write_text(good + "<http://x/a> nonsense\n" + good.replace("x/a", "x/b"))
    report = import_kb(RdfImporter(), [tmp_path / "a.nt"], tmp_path / "out")
    assert report.counts["entities"] == 2
    (row,) = read(tmp_path / "out", "rejects.tsv")[1:]
    assert row.split("\t")[1] == "2"
    assert "not a triple" in row
    (tmp_path / "a.ttl").write_text("\n\n<http://x/a> nonsense")
    with pytest.raises(XlreError, match=r"X113.*line 3"):
        import_kb(RdfImporter(), [tmp_path / "a.ttl"], tmp_path / "other")


def test_the_layout_of_x_factr(tmp_path):
    source = tmp_path / "xfactr"
    (source / "facts").mkdir(parents=True)
    (source / "aliases").mkdir()
    fact = {
        "predicate_id": "P19",
        "sub_uri": "Q1",
        "sub_label": "Ada",
        "obj_uri": "Q2",
        "obj_label": "London",
        "count": 3,
    }
    (source / "facts" / "P19.jsonl").write_text(json.dumps(fact) + "\n{}\n")
    (source / "facts" / "P20.jsonl").write_text(json.dumps({**fact, "predicate_id": "P20"}) + "\n")
    (source / "aliases" / "en.txt").write_text("Q1\tAda Lovelace\tAda\nQ2\n")
    (source / "aliases" / "fr.txt").write_text("Q2\tLondres\n")
    (source / "aliases" / "nl.txt").write_text("Q2\tLonden\n")
    report = import_kb(XFactrImporter(["en", "fr"], ["P19"]), [source], tmp_path / "out")
    assert read(tmp_path / "out", "entities.jsonl") == [
        {"id": "Q1", "types": [], "names": {"en": ["Ada", "Ada Lovelace"]}},
        {"id": "Q2", "types": [], "names": {"en": ["London"], "fr": ["Londres"]}},
    ]
    assert read(tmp_path / "out", "facts.tsv")[1:] == ["Q1\tP19\tQ2"]
    assert report.counts["rejected"] == 2


WEBNLG = """<benchmark><entries><entry eid="1">
<modifiedtripleset><mtriple>Airman_(comics) | alternativeName | "Drake Stevens"@en</mtriple>
<mtriple>Airman_(comics) | birthPlace | New_York</mtriple><mtriple>broken</mtriple></modifiedtripleset>
<links><link direction="en2ru">New York | sameAs | Нью-Йорк</link>
<link direction="en2ru">a | includes | b</link></links>
</entry></entries></benchmark>"""


def test_the_layout_of_webnlg(tmp_path):
    (tmp_path / "a.xml").write_text(WEBNLG, encoding="utf-8")
    report = import_kb(WebNlgImporter(), [tmp_path / "a.xml"], tmp_path / "out")
    entities = {record["id"]: record["names"] for record in read(tmp_path / "out", "entities.jsonl")}
    assert entities == {
        "Airman (comics)": {"en": ["Airman"]},
        "Drake Stevens": {"en": ["Drake Stevens"]},
        "New York": {"en": ["New York"], "ru": ["Нью-Йорк"]},
    }
    assert read(tmp_path / "out", "facts.tsv")[1:] == [
        "Airman (comics)\talternativeName\tDrake Stevens",
        "Airman (comics)\tbirthPlace\tNew York",
    ]
    assert read(tmp_path / "out", "properties.jsonl")[1]["names"] == {"en": "birth place"}
    assert report.counts["rejected"] == 1


@pytest.mark.parametrize(
    "text", ["<benchmark><entries>", '<!DOCTYPE b [<!ENTITY x "y">]><benchmark>&x;</benchmark>'], ids=["cut", "entity"]
)
def test_broken_xml_and_entities_are_rejected(tmp_path, text):
    (tmp_path / "a.xml").write_text(text)
    report = import_kb(WebNlgImporter(), [tmp_path / "a.xml"], tmp_path / "out")
    assert report.counts["rejected"] == 1
    assert "bad XML" in read(tmp_path / "out", "rejects.tsv")[1]


def test_several_knowledge_bases_become_one(tmp_path):
    def folder(name, entity, facts, properties):
        (tmp_path / name).mkdir()
        (tmp_path / name / sink.ENTITIES).write_text(json.dumps(entity) + "\n")
        (tmp_path / name / sink.FACTS).write_text("subject\tproperty\tobject\n" + "".join(f + "\n" for f in facts))
        (tmp_path / name / sink.PROPERTIES).write_text("".join(json.dumps(p) + "\n" for p in properties))
        return tmp_path / name

    first = folder(
        "first",
        {"id": "Q1", "type": "PER", "names": {"en": ["Ada", ["Lady Ada", 3]]}},
        ["Q1\tP1\tQ1"],
        [{"id": "P1", "head_types": ["PER"], "functional": True}],
    )
    second = folder(
        "second",
        {"id": "Q1", "types": ["PER", "SCI"], "names": {"en": [["Lady Ada", 4]], "de": "Ada"}},
        ["Q1\tP1\tQ1", "Q1\tP2"],
        [{"id": "P1", "symmetric": True}, []],
    )
    report = import_kb(SourceFilesImporter(), [first, second], tmp_path / "out")
    assert read(tmp_path / "out", sink.ENTITIES) == [
        {"id": "Q1", "types": ["PER", "SCI"], "names": {"de": ["Ada"], "en": ["Ada", ["Lady Ada", 7.0]]}}
    ]
    assert read(tmp_path / "out", sink.FACTS)[1:] == ["Q1\tP1\tQ1"]
    (prop_,) = read(tmp_path / "out", sink.PROPERTIES)
    assert (prop_["head_types"], prop_["functional"], prop_["symmetric"]) == (["PER"], True, False)
    assert report.counts["rejected"] == 2
