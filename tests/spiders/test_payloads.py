"""What a file or an answer holds: which records, and what is said of the rest."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from spiders import ctgov
from spiders.payloads import NotAPage, Piece, cut


def study(number: str, **more: object) -> dict[str, object]:
    return {"protocolSection": {"identificationModule": {"nctId": number, **more}}, "hasResults": False}


def pieces(source: str, body: bytes) -> list[Piece]:
    return list(cut(source, io.BytesIO(body), lambda note: None))


def ids(source: str, body: bytes) -> list[str | None]:
    return [piece.registry_id for piece in pieces(source, body)]


ONE, TWO = study("NCT90000001"), study("NCT90000002")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"studies": [ONE, TWO], "nextPageToken": "x"}),
        json.dumps([ONE, TWO], indent=2),
        "\n".join(map(json.dumps, (ONE, TWO))),
        "\ufeff" + json.dumps([ONE, TWO]),
    ],
    ids=["page", "array", "ndjson", "byte order mark"],
)
def test_every_form_of_clinicaltrials_gov_gives_its_studies(body: str) -> None:
    assert ids("ctgov", body.encode()) == ["NCT90000001", "NCT90000002"]


def test_a_study_keeps_the_bytes_it_was_served_in() -> None:
    body = b'{ "studies" : [ {"protocolSection":  {"identificationModule":{"nctId":"NCT90000001"} } } ] }'
    assert pieces("ctgov", body)[0].body == b'{"protocolSection":  {"identificationModule":{"nctId":"NCT90000001"} } }'


def test_a_zip_gives_the_studies_of_its_members() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("NCT90000001.json", json.dumps(ONE))
        archive.writestr("NCT90000002.json", json.dumps(TWO))
    assert ids("ctgov", packed.getvalue()) == ["NCT90000001", "NCT90000002"]


def test_a_damaged_member_of_a_zip_costs_only_itself() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("NCT90000001.json", json.dumps(ONE) * 3)
        archive.writestr("NCT90000002.json", json.dumps(TWO))
    body = bytearray(packed.getvalue())
    body[60:70] = b"\xff" * 10
    found = pieces("ctgov", bytes(body))
    assert found[-1].registry_id == "NCT90000002"
    assert "cannot be unpacked" in (found[0].reason or "")
    assert found[0].body in bytes(body), "the packed bytes are kept"
    assert len(found[0].body) > 40


def test_a_broken_study_in_a_page_costs_only_itself() -> None:
    body = json.dumps({"studies": [ONE, TWO]}).replace("false", "fal5e", 1).encode()
    found = pieces("ctgov", body)
    assert [piece.registry_id for piece in found] == [None, "NCT90000002"]
    assert "not readable JSON" in (found[0].reason or "")


def test_a_study_without_its_end_costs_no_neighbour() -> None:
    three = [json.dumps(study(f"NCT9000000{n}")) for n in (1, 2, 3)]
    found = pieces("ctgov", f'{{"studies": [{three[0]}, {three[1][:-20]}, {three[2]}]}}'.encode())
    assert [piece.registry_id for piece in found] == ["NCT90000001", None, "NCT90000003"]
    assert found[1].body.startswith(three[1][:-20].encode())


def test_a_lone_surrogate_does_not_lose_the_study() -> None:
    body = json.dumps({"studies": [study("NCT90000001", briefTitle="a\ud800b"), TWO]}).encode()
    assert ids("ctgov", body) == ["NCT90000001", "NCT90000002"]
    assert [piece.registry_id for piece in ctgov.page_of(body).pieces] == ["NCT90000001", "NCT90000002"]


def test_a_file_that_ends_early_keeps_what_is_whole() -> None:
    body = json.dumps([ONE, TWO]).encode()[:-30]
    found = pieces("ctgov", body)
    assert found[0].registry_id == "NCT90000001"
    assert found[1].reason == "the study breaks off before its end: download it again"


def test_what_is_said_of_wrong_files() -> None:
    said = {
        name: pieces("ctgov", body)[0].reason
        for name, body in {
            "empty": b"",
            "html": b"<!DOCTYPE html><html>",
            "captcha": b"<html><body>Please solve the captcha</body>",
            "classic": b"<?xml version='1.0'?><clinical_study>",
            "v1": b'{"FullStudiesResponse": {}}',
            "csv": b"NCT Number,Study Title\n",
            "invented": json.dumps(study("NCT000001")).encode(),
            "jsonlite": json.dumps(study(["NCT90000001"])).encode(),  # type: ignore[arg-type]
        }.items()
    }
    assert said["empty"] == "the file is empty"
    assert "a page of HTML" in str(said["html"])
    assert "captcha" in str(said["captcha"])
    assert "ended in June 2024" in str(said["classic"])
    assert "classic API v1" in str(said["v1"])
    assert "download JSON" in str(said["csv"])
    assert "'NCT000001' is not of the form" in str(said["invented"])
    assert "jsonlite" in str(said["jsonlite"])


def test_a_page_says_its_count_and_its_token_as_they_are() -> None:
    page = ctgov.page_of(json.dumps({"totalCount": 7, "studies": [], "nextPageToken": "a+/=b"}).encode())
    assert (page.pieces, page.total, page.token) == ([], 7, "a+/=b")


def test_html_where_a_page_was_due_is_no_page() -> None:
    with pytest.raises(NotAPage, match="a page of HTML"):
        ctgov.page_of(b"<!doctype html><html>")


def test_the_version_holder_is_no_change() -> None:
    early, late = (
        json.dumps(ONE | {"derivedSection": {"miscInfoModule": {"versionHolder": date}}}).encode()
        for date in ("2026-02-04", "2026-03-09")
    )
    assert pieces("ctgov", early)[0].fingerprint == pieces("ctgov", late)[0].fingerprint
    assert pieces("ctgov", early)[0].fingerprint != pieces("ctgov", json.dumps(TWO).encode())[0].fingerprint


TRIAL = b"<Trial><Export_date>%s</Export_date><TrialID>%s\n  </TrialID><Public_title>a</Public_title></Trial>"
XML = b"<?xml version='1.0' encoding='UTF-8' ?><Trials_downloaded_from_ICTRP>%s</Trials_downloaded_from_ICTRP>"


def test_an_export_gives_its_trials_and_its_date_is_no_change() -> None:
    first = pieces("ictrp", XML % (TRIAL % (b"1/1/2026", b"ChiCTR2000000001")))[0]
    later = pieces("ictrp", XML % (TRIAL % (b"2/2/2026", b"ChiCTR2000000001")))[0]
    assert (first.registry_id, first.media_type) == ("ChiCTR2000000001", "application/xml; charset=utf-8")
    assert first.fingerprint == later.fingerprint


def test_an_export_with_a_bad_first_line_and_no_end_keeps_its_trials() -> None:
    body = (
        b"garbage\n"
        + XML[:-31].replace(b"%s", TRIAL % (b"", b"ISRCTN90000001"))
        + b"<Trial><TrialID>DRKS90000001</TrialID>"
    )
    found = pieces("ictrp", body)
    assert [piece.registry_id for piece in found] == ["ISRCTN90000001", None]
    assert "TrialID DRKS90000001" in (found[1].reason or "")


def test_a_csv_row_carries_its_header() -> None:
    body = b'\xef\xbb\xbfTrialID,Public title,Export date\r\n"ACTRN90000001","two\rlines","x"\r\n'
    piece = pieces("ictrp", body)[0]
    assert piece.registry_id == "ACTRN90000001"
    assert piece.body == body


def test_markup_in_the_text_of_a_trial_makes_no_page_of_an_export() -> None:
    row = b'TrialID,Public title\r\n"ACTRN90000001","A <span>title</span>, <table>, <html>"\r\n'
    assert ids("ictrp", row) == ["ACTRN90000001"]
    trial = b"<Trial><TrialID>DRKS90000001</TrialID><Public_title><![CDATA[<span>A</span>]]></Public_title></Trial>"
    assert ids("ictrp", XML % trial) == ["DRKS90000001"]


def test_a_portal_page_without_trial_id_is_not_found() -> None:
    page = b'<!DOCTYPE html><form id="aspnetForm"><span id="DataList3_ctl01_TrialIDLabel">%s</span></form>'
    assert pieces("ictrp", page % b"DRKS90000001")[0].registry_id == "DRKS90000001"
    assert "holds no TrialID" in (pieces("ictrp", page % b"")[0].reason or "")


TEXT = (
    """This file contains full details.

Summary
EudraCT Number: 2019-000001-11
National Competent Authority: France - ANSM
Link: https://www.clinicaltrialsregister.eu/ctr-search/trial/2019-000001-11/FR/

A. Protocol Information
"""
    + "A.2 EudraCT number: 2019-000001-11\n" * 20
)


def test_a_download_gives_its_country_records() -> None:
    body = TEXT + TEXT.split("\n\n", 1)[1].replace("/FR/", "/3rd/").replace("France - ANSM", "")
    assert ids("euctr", body.encode()) == ["EUCTR2019-000001-11-FR", "EUCTR2019-000001-11-3RD"]


def test_a_line_of_the_text_that_says_summary_begins_no_record() -> None:
    said = (
        TEXT
        + "E.2.1 Main objective of the trial: Of the trial this is a\nSummary\nin two lines\nE.2.2 Secondary objectives: none\n"
    )
    found = pieces("euctr", (said + TEXT.split("\n\n", 1)[1].replace("/FR/", "/DE/")).encode())
    assert [piece.registry_id for piece in found] == ["EUCTR2019-000001-11-FR", "EUCTR2019-000001-11-DE"]
    assert b"in two lines\nE.2.2" in found[0].body


def test_lost_line_breaks_are_said() -> None:
    assert "line breaks are lost" in (pieces("euctr", TEXT.replace("\n", "").encode())[0].reason or "")


def test_a_summary_without_country_is_no_record() -> None:
    body = "EudraCT Number:  2019-000001-11\n" + "Sponsor Name: x\n" * 30
    assert "without the country" in (pieces("euctr", body.encode())[0].reason or "")


@pytest.mark.parametrize(
    ("source", "folder", "read", "distinct", "rejected"),
    [
        ("ctgov", "ctgov/studies", 580, 580, 0),
        ("ctgov", "ctgov/partial", 1, 1, 0),
        ("ctgov", "ctgov/pages", 350, 337, 0),
        ("ctgov", "ctgov/versions", 36, 17, 0),
        ("ictrp", "ictrp/xml", 329, 329, 0),
        ("ictrp", "ictrp/csv", 1039, 574, 0),
        ("ictrp", "ictrp/html", 1, 1, 1),
        ("euctr", "euctr/text", 7, 6, 0),
        ("euctr", "euctr/html", 3, 3, 0),
        ("ctis", "ctis/retrieve", 4, 2, 0),
        ("ctis", "ctis/before-2024-06-17", 3, 2, 0),
        ("isrctn", "isrctn/xml", 3, 3, 0),
    ],
)
def test_recorded_folders_hold_what_was_counted(
    shared: Path, source: str, folder: str, read: int, distinct: int, rejected: int
) -> None:
    seen: Counter[str] = Counter()
    refused = 0
    for file in sorted((shared / "recorded" / folder).rglob("*")):
        if file.is_file():
            with file.open("rb") as stream:
                for piece in cut(source, stream, lambda note: None):
                    if piece.reason is None and piece.registry_id:
                        seen[piece.registry_id] += 1
                    else:
                        refused += 1
    assert (seen.total(), len(seen), refused) == (read, distinct, rejected)


def test_recorded_wrong_answers_are_all_refused(shared: Path) -> None:
    for file in (shared / "recorded" / "ctgov" / "malformed").rglob("*"):
        if file.is_file():
            with file.open("rb") as stream:
                found = list(cut("ctgov", stream, lambda note: None))
            assert found, file.name
            assert all(piece.reason and piece.registry_id is None for piece in found), file.name


@pytest.mark.parametrize("filling", [b" ", b"\n", b"< ", b"a ", b"</td> ", b"<td", b"<b>", b"]] ", b"1"])
@pytest.mark.parametrize(
    ("source", "before"),
    [
        ("ictrp", b"<Trials_downloaded_from_ICTRP><Trial><TrialID>NCT90000001"),
        ("ictrp", b'<html><span id="DataList3_ctl01_TrialIDLabel">'),
        ("euctr", b"Summary\nEudraCT Number:"),
        ("euctr", b"Summary\nEudraCT Number: 2099-900001-10\nNational Competent Authority:"),
        ("euctr", b"Summary\nEudraCT Number: 2099-900001-10\nClinical Trial Type:"),
        ("isrctn", b"<allTrials><fullTrial><isrctn>"),
        ("ctgov", b'{"protocolSection": '),
        ("ctis", b'{"ctNumber": '),
    ],
)
def test_a_long_filling_where_an_identifier_was_due_is_cut_in_time(source: str, before: bytes, filling: bytes) -> None:
    begun = time.process_time()
    assert pieces(source, before + filling * (30_000 // len(filling)))
    assert time.process_time() - begun < 0.3
