"""Thinc models and losses: arrays in, arrays out. Torch is imported inside builders only."""
