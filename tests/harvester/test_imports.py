"""Files that a person downloaded: counted, kept, never lost, never a traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path

from harvester.archive import Archive
from harvester.imports import Imported, files_of, import_files, new_files
from spiders.payloads import now

STUDY = {"protocolSection": {"identificationModule": {"nctId": "NCT90000001"}}}


def take_in(folder: Path, source: str, **files: str | bytes) -> Imported:
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with Archive(folder / "archive.db") as archive:
        return import_files(archive, source, list(files_of([folder / name for name in files])))


def test_a_folder_is_read_whole_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.json", "a.json", ".hidden/x.json", ".DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert [name for _, name in files_of([tmp_path])] == ["a.json", "b/2.json"]


def test_what_is_no_record_is_named_and_its_bytes_are_kept(tmp_path: Path) -> None:
    done = take_in(tmp_path, "ctgov", good=json.dumps(STUDY), bad="<html>no</html>")
    assert (done.files, done.records, len(done.refusals)) == (2, 1, 1)
    assert done.refusals[0].file == "bad"
    with Archive(tmp_path / "archive.db") as archive:
        (rejection,) = archive.rejections()
        assert rejection.url == "import:bad"
        assert archive.db.execute("SELECT length(data) > 0 FROM rejections").fetchone() == (1,)


def test_a_page_that_holds_less_than_it_announces_is_said_to_be_incomplete(tmp_path: Path) -> None:
    done = take_in(tmp_path, "ctgov", page=json.dumps({"totalCount": 21, "studies": [STUDY]}))
    assert done.notes == ["page: the page holds 1 of 21 announced studies: incomplete"]
    assert done.refusals == []


def test_importing_the_same_again_adds_no_payload(tmp_path: Path) -> None:
    take_in(tmp_path, "ctgov", one=json.dumps(STUDY))
    os.utime(tmp_path / "one", (1_700_000_000, 1_700_000_000))
    for _ in range(2):
        with Archive(tmp_path / "archive.db") as archive:
            done = import_files(archive, "ctgov", [(tmp_path / "one", "one")])
            payloads = archive.db.execute("SELECT count(*) FROM payloads").fetchone()
            assert len(list(archive.versions())) == 1
    assert (done.verdict.unchanged, payloads) == (1, (1,))


def test_hostile_files_are_refused_with_a_sentence(tmp_path: Path) -> None:
    done = take_in(
        tmp_path,
        "ctgov",
        empty=b"",
        nul=b"\x00" * 5000,
        deep=b"[" * 100_000,
        braces=b"{" * 100_000,
        cut=json.dumps(STUDY).encode()[:-9],
        zip=b"PK\x03\x04 no zip",
        latin="é".encode("latin-1"),
        number=b"42",
    )
    assert done.records == 0
    assert {refusal.file for refusal in done.refusals} == {
        "empty",
        "nul",
        "deep",
        "braces",
        "cut",
        "zip",
        "latin",
        "number",
    }
    assert all(len(refusal.reason) > 10 for refusal in done.refusals)


def test_a_file_that_cannot_be_read_is_named_and_does_not_stop_the_others(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.json").symlink_to(tmp_path / "nowhere")
    (inbox / "b.json").write_text(json.dumps(STUDY))
    os.mkfifo(inbox / "pipe")  # is no file, and would keep its reader waiting
    with Archive(tmp_path / "archive.db") as archive:
        done = import_files(archive, "ctgov", list(files_of([inbox])))
        (refusal,) = done.refusals
        assert refusal.file == "a.json" and refusal.reason.startswith("it cannot be read (No such file")
        assert [rejection.url for rejection in archive.rejections()] == ["import:a.json"]
        assert (done.records, done.verdict.verdict, done.verdict.announced) == (1, "incomplete", 2)
        assert [name for _, name in new_files(archive, "ctgov", list(files_of([inbox])))] == ["a.json"]


def test_a_file_from_the_future_was_taken_today(tmp_path: Path) -> None:
    (tmp_path / "one").write_text(json.dumps(STUDY))
    os.utime(tmp_path / "one", (4_000_000_000, 4_000_000_000))
    with Archive(tmp_path / "archive.db") as archive:
        import_files(archive, "ctgov", [(tmp_path / "one", "one")])
        assert archive.db.execute("SELECT max(fetched_at) FROM captures").fetchone()[0] <= now()
