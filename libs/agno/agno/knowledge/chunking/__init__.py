"""How documents are cut into chunks."""
