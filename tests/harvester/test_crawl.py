"""A crawl as its callers see it: jobs in, verdicts out, records in the archive, whatever happens on the way."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import json
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harvester.archive import Archive
from harvester.crawl import Job, Progress, crawl
from harvester.sample.server import SampleServer
from tests.processes import crawl_processes
from tests.spiders.registries import at, study, write_records

ALL = Job(registry="ctgov", all=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SampleServer]:
    with SampleServer(write_records(tmp_path / "records"), page_sizes={"ctgov": 1}, crawl_delay=0) as server:
        yield server


def known(path: Path, source: str = "ctgov") -> set[str]:
    with Archive(path) as archive:
        return archive.known(source)


# What it brings home -------------------------------------------------------------------------------------------------------


def test_registries_are_read_side_by_side_and_one_failure_stops_no_other(server: SampleServer, tmp_path: Path) -> None:
    server.fault("euctr", "http-503")
    jobs = [at(server, job) for job in (ALL, Job(registry="euctr", all=True), Job(registry="ctgov", query="Study 2"))]
    verdicts = crawl([*jobs, Job(registry="atlantis", all=True)], tmp_path / "archive.db")
    assert [verdict.registry for verdict in verdicts] == ["ctgov", "euctr", "ctgov", "atlantis"]
    assert [verdict.verdict for verdict in verdicts] == ["complete", "failed", "complete", "failed"]
    assert "no registry 'atlantis'" in verdicts[3].message
    assert len(known(tmp_path / "archive.db")) == 5


def test_records_are_kept_byte_for_byte_with_where_and_when(server: SampleServer, tmp_path: Path) -> None:
    before = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    crawl([at(server, ALL)], tmp_path / "archive.db")
    texts = server.texts("ctgov")
    with Archive(tmp_path / "archive.db") as archive:
        versions = list(archive.versions())
        assert {version.registry_id: archive.body(version.sha256).decode() for version in versions} == texts
        assert {version.media_type for version in versions} == {"application/json"}
        assert all(version.first_fetched_at >= before for version in versions)
        urls = [url for (url,) in archive.db.execute("SELECT url FROM captures")]
    assert all(url.startswith(server.base_url("ctgov")) for url in urls)


def test_a_second_run_knows_what_is_new_changed_and_unchanged(server: SampleServer, tmp_path: Path) -> None:
    [first] = crawl([at(server, ALL)], tmp_path / "archive.db")
    server.fault("ctgov", "record-changed", number="NCT00000003", old="of trout", new="of salmon")
    [second] = crawl([at(server, ALL)], tmp_path / "archive.db")
    assert (first.new, first.changed, first.unchanged) == (5, 0, 0)
    assert (second.new, second.changed, second.unchanged) == (0, 1, 4)


def test_the_verdict_is_kept_with_the_run(server: SampleServer, tmp_path: Path) -> None:
    server.fault("ctgov", "announces-more")
    [verdict] = crawl([at(server, Job(registry="ctgov", query="trout", since="2020-01-01"))], tmp_path / "archive.db")
    with sqlite3.connect(tmp_path / "archive.db") as db:
        row = db.execute(
            "SELECT registry, query, announced, stored, verdict, message, finished_at FROM runs"
        ).fetchone()
    db.close()
    assert row[:5] == ("ctgov", "trout since 2020-01-01", 6, 5, "incomplete")
    assert row[5] == verdict.message
    assert row[6] is not None
    assert verdict.requests == len(server.requests)
    assert verdict.bytes > 0


def test_a_record_that_is_no_longer_served_is_noted_and_no_failure(server: SampleServer, tmp_path: Path) -> None:
    watched = Job(registry="ctgov", ids=("NCT00000002", "NCT00000003"))
    crawl([at(server, watched)], tmp_path / "archive.db")
    server.fault("ctgov", "record-deleted", number="NCT00000003")
    [verdict] = crawl([at(server, watched)], tmp_path / "archive.db")
    assert verdict.verdict == "complete"
    assert "NCT00000003" in verdict.message
    with Archive(tmp_path / "archive.db") as archive:
        assert set(archive.absences()) == {("ctgov", "NCT00000003")}
        assert archive.known("ctgov") == {"NCT00000002", "NCT00000003"}


def test_progress_counts_towards_what_was_announced(server: SampleServer, tmp_path: Path) -> None:
    seen: list[Progress] = []
    crawl([at(server, ALL)], tmp_path / "archive.db", seen.append)
    assert [progress.requests for progress in seen] == list(range(1, len(server.requests) + 1))
    assert seen[-1].announced == 5
    assert [progress.stored for progress in seen] == sorted(progress.stored for progress in seen)


# What happens on the way ---------------------------------------------------------------------------------------------------


def test_a_signal_stops_the_crawl_with_what_was_stored_committed(server: SampleServer, tmp_path: Path) -> None:
    def stop_soon(progress: Progress) -> None:
        if progress.stored == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    slow = at(server, Job(registry="ctgov", all=True, delay=0.3))
    verdicts = crawl([slow, slow], tmp_path / "archive.db", stop_soon)
    assert [verdict.verdict for verdict in verdicts] == ["failed", "failed"]
    assert "stopped by a signal" in verdicts[0].message
    assert 2 <= verdicts[0].stored < 5
    assert len(known(tmp_path / "archive.db")) == verdicts[0].stored
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_signal_ends_a_pause_between_tries(server: SampleServer, tmp_path: Path) -> None:
    server.fault("ctgov", "http-503", path="/studies")

    def stop_in_the_pause(progress: Progress) -> None:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()

    started = time.monotonic()
    patient = Job(registry="ctgov", all=True, settings={"PAUSE_BASE": 60, "PAUSE_CAP": 60})
    [verdict] = crawl([at(server, patient)], tmp_path / "archive.db", stop_in_the_pause)
    assert verdict.verdict == "failed"
    assert time.monotonic() - started < 20


def test_a_killed_crawl_fails_and_the_next_one_finishes_the_work(server: SampleServer, tmp_path: Path) -> None:
    def kill(progress: Progress) -> None:
        if progress.stored == 2:
            [process] = crawl_processes(os.getpid())
            os.kill(process, signal.SIGKILL)

    [verdict] = crawl([at(server, Job(registry="ctgov", all=True, delay=0.3))], tmp_path / "archive.db", kill)
    assert verdict.verdict == "failed"
    assert "signal 9 (is memory short?)" in verdict.message
    assert verdict.query == "all"
    [again] = crawl([at(server, ALL)], tmp_path / "archive.db")
    assert (again.verdict, again.stored) == ("complete", 5)


def test_a_crawl_whose_caller_was_killed_stops_by_itself(server: SampleServer, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from harvester.crawl import Job, crawl; "
        f"crawl([Job(registry='ctgov', all=True, delay=0.2, base_url={server.base_url('ctgov')!r}, "
        f"arguments={{'page_size': '1'}})], Path({str(tmp_path / 'archive.db')!r}), lambda progress: print('.', flush=True))"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert caller.stdout
    caller.stdout.read(1)
    [child] = crawl_processes(caller.pid)
    caller.kill()
    caller.communicate()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the crawl goes on although nobody waits for it"
        time.sleep(0.05)
    assert len(server.requests) < 6


def test_an_archive_that_cannot_be_opened_is_said(server: SampleServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    [verdict] = crawl([at(server, ALL)], tmp_path / "file" / "archive.db")
    assert verdict.verdict == "failed"
    assert "archive" in verdict.message
    assert server.requests == []


def test_an_archive_that_refuses_ends_the_run_with_the_cause(server: SampleServer, tmp_path: Path) -> None:
    Archive(tmp_path / "archive.db").close()
    with sqlite3.connect(tmp_path / "archive.db") as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON payloads BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    db.close()
    [verdict] = crawl([at(server, ALL)], tmp_path / "archive.db")
    assert verdict.verdict == "failed"
    assert "the disk is full" in verdict.message
    assert verdict.stored == 0


# TLS -----------------------------------------------------------------------------------------------------------------------


class OneStudy(http.server.BaseHTTPRequestHandler):
    """Answers every request with a page of one study."""

    def do_GET(self) -> None:
        body = json.dumps({"studies": [study("NCT00000001", 1)], "totalCount": 1}).encode()
        if self.path == "/robots.txt":
            body = b""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        return


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "server.pem").write_bytes(secret + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OneStudy)
    listener.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that refuses the certificate hangs up
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"https://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    listener.server_close()
    thread.join()


def test_certificates_are_verified_unless_configured_otherwise(self_signed: str, tmp_path: Path) -> None:
    aiohttp = "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler"
    jobs = [
        Job(registry="ctgov", all=True, base_url=self_signed, delay=0, verify_tls=verify, download_handler=handler)
        for handler in ("", aiohttp)
        for verify in (True, False)
    ]
    verdicts = crawl(jobs, tmp_path / "archive.db")
    assert [verdict.verdict for verdict in verdicts] == ["failed", "complete", "failed", "complete"]
    assert [verdict.retries for verdict in verdicts] == [0, 0, 0, 0]
    for verdict in verdicts[::2]:
        assert "certificate" in verdict.message
        assert "verify_tls = false" in verdict.message
