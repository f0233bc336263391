"""The WARC file holds every fetch, and another tool reads out of it exactly what the archive has."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from harvester.archive import Archive
from harvester.cli import main
from harvester.crawl import Job, crawl
from harvester.sample import write_export
from harvester.sample.server import SampleServer


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CTIS (an answer a record), ClinicalTrials.gov (pages of many), each twice, and an export file of WHO."""
    data = tmp_path_factory.mktemp("data")
    with SampleServer(crawl_delay=0) as server:
        jobs = [
            Job(registry=source, base_url=server.base_url(source), delay=0.0, all=True, settings={"AUTOTHROTTLE_ENABLED": False})
            for source in ("ctis", "ctgov")
        ]  # fmt: skip
        for _ in range(2):
            assert {verdict.verdict for verdict in crawl(jobs, data / "archive.db")} == {"complete"}
    write_export(data / "an export.xml")
    assert (
        CliRunner().invoke(main, ["import", "ictrp", str(data / "an export.xml"), "--data", str(data)]).exit_code == 0
    )
    return data


def export(data: Path, file: Path, *options: str) -> str:
    done = CliRunner().invoke(main, ["archive", "export", "--data", str(data), "-o", str(file), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_fetch_is_in_it_with_address_time_and_digest(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "archive.warc.gz"
    export(data, file)
    found, payloads = [], {}
    with file.open("rb") as stream:
        for record in ArchiveIterator(stream, check_digests="raise"):
            kind = record.rec_type
            if kind == "warcinfo":
                continue
            headers = record.rec_headers
            url, at = headers.get_header("WARC-Target-URI"), headers.get_header("WARC-Date")
            digest = headers.get_header("WARC-Payload-Digest").removeprefix("sha256:")
            found.append((digest, url.replace("%20", " "), at))
            body = record.content_stream().read()
            if kind == "revisit":
                assert digest in payloads and body == b""
                assert headers.get_header("WARC-Refers-To-Target-URI")
            else:
                assert hashlib.sha256(body).hexdigest() == digest and digest not in payloads
                payloads[digest] = (kind, body)
            if kind == "response":
                assert record.http_headers.get_statuscode() == "200"
                assert record.http_headers.get_header("Content-Type")
    with Archive.read(data / "archive.db") as archive:
        assert sorted(found) == sorted(archive.db.execute("SELECT sha256, url, fetched_at FROM captures"))
        sources = dict(archive.db.execute("SELECT sha256, source FROM payloads"))
        assert {digest: archive.body(digest) for digest in sources} == {
            digest: body for digest, (_, body) in payloads.items()
        }
    kinds = {(sources[digest], kind) for digest, (kind, _) in payloads.items()}
    assert kinds == {("ctis", "response"), ("ctgov", "resource"), ("ictrp", "resource")}


def test_warcio_s_own_check_finds_nothing(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "archive.warc"
    export(data, file)

    class Options:
        inputs, verbose = (str(file),), False

    checker = Checker(Options)
    checker.process_all()
    assert checker.exit_value == 0, capsys.readouterr().out


def test_the_same_archive_gives_the_same_file_and_it_can_be_narrowed(data: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        said = export(data, tmp_path / str(number) / "a.warc", "--registry", "ctis")
    assert (tmp_path / "1" / "a.warc").read_bytes() == (tmp_path / "2" / "a.warc").read_bytes()
    assert "resource" not in said and "response" in said and "revisit" in said
    assert "nothing was fetched" in export(data, tmp_path / "none.warc", "--since", "2999-01-01")


def test_a_damaged_payload_is_named_and_no_file_is_left(data: Path, tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes((data / "archive.db").read_bytes())
    with Archive(tmp_path / "archive.db") as archive:
        archive.db.execute("UPDATE payloads SET data = x'00' WHERE rowid = (SELECT max(rowid) FROM payloads)")
    done = CliRunner().invoke(main, ["archive", "export", "--data", str(tmp_path), "-o", str(tmp_path / "a.warc")])
    assert done.exit_code == 1 and "harvester archive verify" in done.stderr
    assert list(tmp_path.glob("*warc*")) == []
