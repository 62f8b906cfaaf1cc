"""The alignment of two Docs that a user has already, in their own tokens."""

from dataclasses import dataclass
from typing import List, Union

from spacy.tokens import Doc, Span

from ..errors import Errors, fail
from .bitext import Bead, Link, PairAlignment
from .projection import Finder, Projection


@dataclass(frozen=True)
class DocAlignment:
    """What `aligner.align(source, target)` returns.

    source, target (Doc): The two Docs; they are left as they were.
    pair (PairAlignment): The alignment over a bitext of both. Token i of a Doc is token i of its segment there.
    """

    source: Doc
    target: Doc
    pair: PairAlignment

    @property
    def beads(self) -> List[Bead]:
        """Aligned groups of sentences as token ranges of the two Docs, with P(s,t)."""
        return self.pair.beads

    @property
    def links(self) -> List[Link]:
        """Aligned tokens of the two Docs, with probabilities."""
        return self.pair.links

    def project(self, span: Span, method: Union[str, Finder] = "run") -> Projection:
        """Carry a span of either Doc to the other one.

        span (Span): A span of the source or the target.
        method (Union[str, Finder]): A name in `PROJECTIONS`, or a callable; see `project_span`.
        RETURNS (Projection): Its span is one of the other Doc, with the label and entity id of the given one.
        RAISES (XlreError): If the span is of neither Doc or empty, or there is no such method.
        """
        if span.doc is self.source:
            pair, other = self.pair, self.target
        elif span.doc is self.target:
            pair, other = self.pair.flipped(), self.source
        else:
            raise fail(Errors.X405, start=span.start, end=span.end, lang="of either Doc")
        first = pair.source.start
        inside = Span(pair.source.doc, first + span.start, first + span.end, label=span.label_, kb_id=span.kb_id_)
        found = pair.project(inside, method)
        if found.span is None:
            return found
        start = found.span.start - pair.target.start
        place = Span(other, start, start + len(found.span), label=span.label_, kb_id=span.kb_id_)
        return Projection(place, found.score, found.reason)

    def _repr_html_(self) -> str:
        return self.pair._repr_html_()
