"""spaCy's transition-based parser over token vectors that tell the tokens of one word piece apart."""

from typing import Callable, List, Literal, Optional, Tuple, TypeAlias

from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

Tok2Vec: TypeAlias = Model[List[Doc], List[Floats2d]]

PARSER = "spacy.TransitionBasedParser.v2"


def build_parser(
    tok2vec: Tok2Vec,
    characters: Tok2Vec,
    state_type: Literal["parser", "ner"],
    extra_state_tokens: bool,
    hidden_width: int,
    maxout_pieces: int,
    use_upper: bool,
    nO: Optional[int] = None,
) -> Model:
    """Build `spacy.TransitionBasedParser.v2` over the vectors of two encoders side by side; registered as
    `spacy_xlre.TransitionBasedParser.v1`.

    A word piece of a multilingual transformer often holds several tokens of a script without spaces, such as 与中国,
    "with China". Their vectors are the same, so that no parser could begin an entity inside; what a small encoder reads
    of the tokens themselves tells them apart.

    tok2vec (Model): The encoder, such as `spacy-transformers.TransformerListener.v1`.
    characters (Model): The small one, such as `spacy.HashEmbedCNN.v2`.
    The other arguments: see spaCy.
    RETURNS (Model): The parser's model.
    """
    model: Model = registry.get("architectures", PARSER)(
        tok2vec=side_by_side(tok2vec, characters),
        state_type=state_type,
        extra_state_tokens=extra_state_tokens,
        hidden_width=hidden_width,
        maxout_pieces=maxout_pieces,
        use_upper=use_upper,
        nO=nO,
    )
    return model


def side_by_side(first: Tok2Vec, second: Tok2Vec) -> Tok2Vec:
    """Give each token the vectors of two encoders.

    Not thinc's `concatenate`, which adds up what the encoders' backwards return: a listener's may be nothing.
    """
    return Model("side-by-side", _forward, init=_init, layers=[first, second], dims={"nO": None})


def _init(model: Tok2Vec, X: Optional[List[Doc]] = None, Y: Optional[List[Floats2d]] = None) -> None:
    for layer in model.layers:
        layer.initialize(X=X)


def _forward(
    model: Tok2Vec, X: List[Doc], is_train: bool
) -> Tuple[List[Floats2d], Callable[[List[Floats2d]], List[Doc]]]:
    first, second = model.layers
    Y_first, backprop_first = first(X, is_train)
    Y_second, backprop_second = second(X, is_train)

    def backprop(dY: List[Floats2d]) -> List[Doc]:
        cuts = [own.shape[1] for own in Y_first]
        backprop_first([model.ops.xp.ascontiguousarray(own[:, :cut]) for own, cut in zip(dY, cuts)])
        backprop_second([model.ops.xp.ascontiguousarray(own[:, cut:]) for own, cut in zip(dY, cuts)])
        return X

    return [model.ops.xp.hstack(vectors) for vectors in zip(Y_first, Y_second)], backprop
