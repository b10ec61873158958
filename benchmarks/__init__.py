"""What a run costs, beside the same work by hand and beside other frameworks: `python -m benchmarks`."""
