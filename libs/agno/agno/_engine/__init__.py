"""The engine: what happens in a run, written once for everything that runs."""
