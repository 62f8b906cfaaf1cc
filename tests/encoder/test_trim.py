import copy
import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from spacy_xlre.encoder import load_hidden_encoder, read_encoder, trim_encoder, trim_files
from spacy_xlre.encoder.trim import EMBEDDINGS, keep_pieces
from spacy_xlre.errors import XlreError

WORD_EMBEDDINGS = f"embeddings.{EMBEDDINGS}"
ALPHABET = " abdehinorstwcDИвна中国北京.?\t\u4e0d\u2603"


@pytest.fixture(scope="module")
def tiny(tiny_encoder_folder):
    return read_encoder(tiny_encoder_folder)


@pytest.fixture(scope="module")
def embedded(embedded_files_full, embedded_encoder_folder):
    return embedded_files_full, read_encoder(embedded_encoder_folder)


def tokenizer_of(files):
    return Tokenizer.from_str(json.dumps(files.tokenizer))


def embeddings(files, ids):
    return files.tensors[WORD_EMBEDDINGS][ids]


@given(text=st.text(ALPHABET, max_size=30), others=st.text(ALPHABET, max_size=30))
def test_texts_whose_pieces_are_kept_get_the_same_pieces_and_embeddings(tiny, text, others):
    before = tokenizer_of(tiny).encode(text)
    trimmed = keep_pieces(tiny, {*before.tokens, *others})
    after = tokenizer_of(trimmed).encode(text)
    assert (after.tokens, after.offsets) == (before.tokens, before.offsets)
    np.testing.assert_array_equal(embeddings(trimmed, after.ids), embeddings(tiny, before.ids))


@given(kept=st.sets(st.sampled_from(ALPHABET)), text=st.text(ALPHABET, max_size=30))
def test_any_subset_of_the_pieces_makes_a_tokenizer(tiny, kept, text):
    trimmed = keep_pieces(tiny, kept)
    tokenizer = tokenizer_of(trimmed)
    assert tokenizer.get_vocab_size() == len(trimmed.tensors[WORD_EMBEDDINGS]) == trimmed.config["vocab_size"]
    assert max(tokenizer.encode(text).ids) < tokenizer.get_vocab_size()


def test_unknown_characters_cost_what_they_did(embedded_files_full, full_tokenizer):
    # "Nerita" has rarer pieces than a vocabulary of letters: were the lowest score lost, unknowns would become cheap.
    text = "a\u2c60\u2c60 Nerita"
    before = full_tokenizer.encode(text).tokens
    trimmed = keep_pieces(embedded_files_full, {*before, "N", "e", "r"})
    assert tokenizer_of(trimmed).encode(text).tokens == before
    lowest = min(score for _, score in embedded_files_full.tokenizer["model"]["vocab"])
    assert min(score for _, score in trimmed.tokenizer["model"]["vocab"]) == lowest


def test_special_tokens_and_the_mask_stay_and_rows_of_no_token_go(embedded, full_tokenizer):
    full, trimmed = embedded
    assert len(full.tensors[WORD_EMBEDDINGS]) == len(full.tokenizer["model"]["vocab"]) + 35
    assert len(trimmed.tensors[WORD_EMBEDDINGS]) == len(trimmed.tokenizer["model"]["vocab"])
    before, after = full_tokenizer, tokenizer_of(trimmed)
    for piece in ("<s>", "<pad>", "</s>", "<unk>", "<mask>"):
        old, new = before.token_to_id(piece), after.token_to_id(piece)
        np.testing.assert_array_equal(embeddings(trimmed, new), embeddings(full, old))
    assert [after.token_to_id(piece) for piece in ("<s>", "<pad>", "</s>", "<unk>")] == [0, 1, 2, 3]
    assert after.encode("a <mask>").ids == [0, after.token_to_id("▁a"), after.token_to_id("<mask>"), 2]


def test_tokens_added_beyond_the_vocabulary_stay(tiny):
    tokenizer = tokenizer_of(tiny)
    tokenizer.add_special_tokens(["[E1]"])
    rows = np.vstack([tiny.tensors[WORD_EMBEDDINGS], np.full((1, 32), 7, dtype="f4"), np.zeros((3, 32), dtype="f4")])
    with_token = dataclasses.replace(
        tiny, tokenizer=json.loads(tokenizer.to_str()), tensors={**tiny.tensors, WORD_EMBEDDINGS: rows}
    )
    trimmed = keep_pieces(with_token, {"▁in"})
    encoding = tokenizer_of(trimmed).encode("[E1] in")
    assert encoding.tokens == ["<s>", "[E1]", "▁in", "</s>"]
    np.testing.assert_array_equal(embeddings(trimmed, encoding.ids[1]), np.full(32, 7))


def test_ids_in_settings_and_in_other_post_processors_follow(tiny):
    files = copy.deepcopy(tiny)
    mask = files.tokenizer["model"]["vocab"][-1][0]
    old = len(files.tokenizer["model"]["vocab"]) - 1
    files.config["bos_token_id"] = old
    files.tokenizer_config["added_tokens_decoder"] = {str(old): {"content": mask}}
    files.tokenizer["post_processor"] = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": [mask, old]}
    files.tokenizer["post_processor"].update(trim_offsets=True, add_prefix_space=False)
    trimmed = keep_pieces(files, {"▁in"})
    new = tokenizer_of(trimmed).token_to_id(mask)
    assert new < old
    assert trimmed.config["bos_token_id"] == new
    assert trimmed.tokenizer_config["added_tokens_decoder"] == {str(new): {"content": mask}}
    assert tokenizer_of(trimmed).encode("in").ids == [new, tokenizer_of(trimmed).token_to_id("▁in"), 2]


def test_the_encoder_that_is_trimmed_is_not_changed(tiny):
    before = copy.deepcopy(tiny.tokenizer)
    keep_pieces(tiny, {"▁in"})
    assert tiny.tokenizer == before


def test_outputs_are_equal_where_every_piece_is_kept(kept_sentence, embedded, embedded_encoder_folder, full_tokenizer):
    import torch

    full, _ = embedded
    tokenizer, model = load_hidden_encoder(str(embedded_encoder_folder), 2)
    before, after = full_tokenizer.encode(kept_sentence), tokenizer(kept_sentence)
    assert after.tokens() == before.tokens
    with torch.inference_mode():
        trimmed_states = model(torch.tensor([after["input_ids"]])).last_hidden_state
        whole = torch.from_numpy(full.tensors[WORD_EMBEDDINGS])
        model.set_input_embeddings(torch.nn.Embedding.from_pretrained(whole))
        states = model(torch.tensor([before.ids])).last_hidden_state
    assert torch.equal(trimmed_states, states)


def test_everything_but_the_vocabulary_is_shared(tiny):
    trimmed = keep_pieces(tiny, {"▁in"})
    assert all(trimmed.tensors[name] is tiny.tensors[name] for name in tiny.tensors if name != WORD_EMBEDDINGS)


def test_a_missing_piece_changes_its_own_word_only(embedded, full_tokenizer):
    _, trimmed = embedded
    text = "They were at the otorhinolaryngologist in the city."
    before, after = full_tokenizer.encode(text), tokenizer_of(trimmed).encode(text)
    word = (text.index("oto"), text.index(" in the"))

    def elsewhere(encoding):
        return [
            (token, offsets)
            for token, offsets in zip(encoding.tokens, encoding.offsets, strict=True)
            if offsets[1] <= word[0] or offsets[0] >= word[1]
        ]

    assert before.tokens != after.tokens
    assert elsewhere(before) == elsewhere(after)
    assert "<unk>" not in after.tokens


def test_frequent_words_of_each_language_are_kept_and_other_scripts_are_not(embedded):
    _, trimmed = embedded
    tokenizer = tokenizer_of(trimmed)
    for text, tokens in {
        "the People": ["▁the", "▁People"],
        "nicht": ["▁nicht"],
        "pero": ["▁pero"],
        "avec": ["▁avec"],
        "我们": ["▁我们"],
    }.items():
        assert tokenizer.encode(text, add_special_tokens=False).tokens == tokens
    assert tokenizer.encode("не", add_special_tokens=False).ids == [tokenizer.token_to_id("▁"), 3]


def test_of_rare_pieces_fewer_are_kept(tiny):
    def pieces(**settings):
        return trim_files(tiny, languages=["ru", "de"], **settings)[1].pieces_after

    # "▁в" is a sixtieth of Russian text; "▁die" is a fortieth of German.
    assert pieces(words=0) < pieces(words=100, once_in=50) < pieces(words=100, once_in=1000)
    assert pieces(words=1, once_in=1000) < pieces(words=100, once_in=1000)


def test_languages_without_a_word_list_are_reported(tiny_encoder_folder, tmp_path):
    report = trim_encoder(tiny_encoder_folder, tmp_path / "encoder", languages=["sw", "en"], texts=["Иван"], words=100)
    assert report.without_words == ("sw",)
    assert report.pieces_after < report.pieces_before
    tokenizer, model = load_hidden_encoder(str(tmp_path / "encoder"))
    assert tokenizer.tokenize("Иван the 不") == ["▁", "И", "в", "а", "н", "▁the", "▁", "不"]
    assert model.get_input_embeddings().num_embeddings == report.pieces_after


@pytest.mark.parametrize(
    ("kind", "vocabulary"), [("WordPiece", {"the": 0}), ("BPE", {"the": 0}), ("WordLevel", {"the": 0})]
)
def test_other_kinds_of_tokenizers_are_refused(tiny, kind, vocabulary):
    other = dataclasses.replace(tiny, tokenizer={**tiny.tokenizer, "model": {"type": kind, "vocab": vocabulary}})
    with pytest.raises(XlreError, match=rf"\[X207\] intfloat/x: .*{kind}"):
        trim_files(other, languages=["en"], where="intfloat/x")


def test_a_model_with_fewer_rows_than_tokens_is_refused(tiny):
    short = dataclasses.replace(tiny, tensors={**tiny.tensors, WORD_EMBEDDINGS: tiny.tensors[WORD_EMBEDDINGS][:5]})
    with pytest.raises(XlreError, match=r"\[X209\]"):
        trim_files(short, languages=["en"], words=0)
