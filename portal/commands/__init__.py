"""The commands of ``mingsuan``: one module for each group, each adds its parsers and returns an `Outcome`."""
