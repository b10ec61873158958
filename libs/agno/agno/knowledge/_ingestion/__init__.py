"""How content becomes chunks with vectors: items, hashes, the pipeline, and where it is stored."""
