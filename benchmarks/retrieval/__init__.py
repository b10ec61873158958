"""Whether a search finds the passages that answer: 200 questions about this repository's documents."""
