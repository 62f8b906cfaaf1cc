"""Finding what corresponds to what: sentence vectors to beads, word piece vectors to links. Arrays in, arrays out."""
