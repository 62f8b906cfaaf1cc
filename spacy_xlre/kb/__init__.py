"""Facts and names: the store, its builder and the mention matcher. Knows text, not models.

`sources` reads the files, `build` writes the folder that `schema` describes, `store` opens it, and `matcher` finds its
names in texts (`names` and `inflection` say how a name is compared).
"""

from .build import BuildReport, build_kb
from .matcher import Mention, MentionMatcher
from .schema import Entity, Fact, Property
from .store import KnowledgeBase

__all__ = ["BuildReport", "Entity", "Fact", "KnowledgeBase", "Mention", "MentionMatcher", "Property", "build_kb"]
