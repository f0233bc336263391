"""Files that a person downloaded: counted, kept, never lost, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from harvester.archive import Archive
from harvester.cli import main
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


def test_a_folder_is_read_through_links_and_each_file_once(tmp_path: Path) -> None:
    inbox, share = tmp_path / "inbox", tmp_path / "share"
    share.mkdir()
    inbox.mkdir()
    (share / "one.json").write_text(json.dumps(STUDY))
    (inbox / "linked").symlink_to(share)
    (inbox / "twice").symlink_to(share)
    (share / "back").symlink_to(inbox)
    assert [name for _, name in files_of([inbox])] == ["linked/one.json"]


def test_names_that_are_no_text_are_spelled_out_and_stop_nothing(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / os.fsdecode(b"caf\xe9.json")).write_text(json.dumps(STUDY))
    (inbox / "two\nlines \x1b[31m.json").write_text("no study")
    (inbox / "größe -x.json").write_text("none either")
    done = CliRunner().invoke(main, ["import", "ctgov", str(inbox), "--data", str(tmp_path / "data")])
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit), done.exception
    assert "3 files: 1 records read" in done.stdout
    assert "rejected: größe -x.json: " in done.stderr and r"rejected: two\nlines \x1b[31m.json: " in done.stderr
    with Archive(tmp_path / "data/archive.db") as archive:
        assert archive.db.execute("SELECT url FROM captures").fetchall() == [(r"import:caf\xe9.json",)]


def test_a_pipe_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(STUDY))
    command = f'"{sys.executable}" -m harvester import ctgov /dev/stdin "{tmp_path}/one.json" --data "{tmp_path}/data"'
    done = subprocess.run(f"echo '{{}}' | {command}", shell=True, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert "rejected: stdin: it cannot be read (it is no file but a pipe or a device: save" in done.stderr
    assert "1 records read" in done.stdout


def test_an_inbox_that_holds_the_data_folder_does_not_take_the_archive_into_itself(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(STUDY))
    for _ in range(2):  # the second time the archive is there when the folder is listed
        with Archive(tmp_path / "archive.db") as archive:
            done = import_files(archive, "ctgov", list(files_of([tmp_path])))
    assert {refusal.file for refusal in done.refusals} >= {"archive.db"}
    assert all("a file of the harvester itself" in refusal.reason for refusal in done.refusals)
    with Archive(tmp_path / "archive.db") as archive:
        assert archive.db.execute("SELECT sum(length(data)) < 100 FROM rejections").fetchone() == (1,)


def test_a_file_from_the_future_was_taken_today(tmp_path: Path) -> None:
    (tmp_path / "one").write_text(json.dumps(STUDY))
    os.utime(tmp_path / "one", (4_000_000_000, 4_000_000_000))
    with Archive(tmp_path / "archive.db") as archive:
        import_files(archive, "ctgov", [(tmp_path / "one", "one")])
        assert archive.db.execute("SELECT max(fetched_at) FROM captures").fetchone()[0] <= now()
