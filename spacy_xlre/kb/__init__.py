"""Facts and names: the store, its importers and the mention matcher. Knows text, not models."""
