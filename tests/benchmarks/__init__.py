"""How fast: `make bench`. Needs the recorded payloads beside the project; not part of the tests."""
