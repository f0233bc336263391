"""Care of the archive: is everything in it what was fetched? Called by `harvester archive verify`; reads, writes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from harvester.archive import DAMAGED, Archive


def verify(archive: Archive) -> Iterator[str]:
    """A sentence for each payload whose bytes cannot be had again or are not those of its sha256, each capture without its
    payload, and each page of the file that is damaged. One payload in memory at a time."""
    archive.db.text_factory = lambda text: text.decode("utf-8", "backslashreplace")  # a damaged one is named, too
    for (finding,) in archive.db.execute("PRAGMA integrity_check"):
        if finding != "ok":
            yield f"archive.db is damaged: {finding}"
    payloads = archive.db.execute(
        "SELECT sha256, source, registry_id FROM payloads ORDER BY source, registry_id, rowid"
    )
    for sha256, source, registry_id in payloads:
        try:
            archive.body(sha256)
        except DAMAGED as problem:
            yield f"{source}:{registry_id}: payload {sha256} cannot be read ({problem}); fetch the record again"
    for table, _, parent, _ in archive.db.execute("PRAGMA foreign_key_check"):
        yield f"a row of {table} points to a row of {parent} that is not there"
