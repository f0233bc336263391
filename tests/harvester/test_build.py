"""archive.db -> catalogue.db: deterministic, incremental, whole."""

from __future__ import annotations

import gc
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harvester import build as build_room
from harvester import privacy, reading
from harvester.archive import Archive
from harvester.build import BuildFailed, build, content_hash
from harvester.imports import files_of, import_files
from normalize.schema import Document, EthicsReview, Record


def study(number: str, updated: str = "2026-01-01", **identification: Any) -> dict[str, Any]:
    """A small but whole study."""
    return {
        "protocolSection": {
            "identificationModule": {"nctId": number, "briefTitle": "A trial", **identification},
            "statusModule": {
                "overallStatus": "RECRUITING",
                "studyFirstSubmitDate": "2025-01-01",
                "lastUpdatePostDateStruct": {"date": updated},
            },
            "descriptionModule": {"briefSummary": "Whether it works."},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Example University", "class": "OTHER"}},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE2"]},
            "conditionsModule": {"conditions": ["Recurrent miscarriage"]},
            "eligibilityModule": {"eligibilityCriteria": "Inclusion Criteria:\n\n* Age \\>= 18", "sex": "ALL"},
        },
        "hasResults": False,
    }


class Workshop:
    """A folder of files to import and the archive and catalogue made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive = folder / "archive.db"
        self.catalogue = folder / "catalogue.db"

    def take_in(self, *studies: object, name: str = "file.json", mtime: int = 1_767_225_600) -> None:
        file = self.folder / name
        file.write_text(json.dumps(list(studies)), encoding="utf-8")
        os.utime(file, (mtime, mtime))
        with Archive(self.archive) as archive:
            import_files(archive, "ctgov", list(files_of([file])))

    def build(self, **options: Any) -> build_room.Built:
        return build(self.archive, self.catalogue, **options)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.catalogue)) as db:
            return db.execute(sql).fetchall()


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_records_become_trials_that_can_be_searched(workshop: Workshop) -> None:
    workshop.take_in(study("NCT90000001"), study("NCT90000002", briefTitle="Péché"))
    built = workshop.build()
    assert (built.records, built.trials, built.read, built.changed) == (2, 2, 2, True)
    assert workshop.rows(
        "SELECT t.trial_id FROM trials_fts f JOIN trials t ON t.rowid = f.rowid WHERE trials_fts MATCH 'peche'"
    ) == [("NCT90000002",)]
    assert workshop.rows("SELECT primary_sponsor, conditions, phase, registries FROM trials LIMIT 1") == [
        ("Example University", "Recurrent miscarriage", "2", "ClinicalTrials.gov")
    ]


def test_building_again_changes_nothing(workshop: Workshop) -> None:
    workshop.take_in(study("NCT90000001"))
    workshop.build()
    before = workshop.catalogue.stat().st_mtime_ns
    assert workshop.build().changed is False
    assert workshop.catalogue.stat().st_mtime_ns == before


def test_only_what_is_new_is_read_and_the_result_is_that_of_a_full_build(workshop: Workshop) -> None:
    workshop.take_in(study("NCT90000001"), study("NCT90000002"))
    workshop.build()
    workshop.take_in(study("NCT90000002", "2026-02-01"), study("NCT90000003"), name="later.json", mtime=1_770_000_000)
    assert workshop.build().read == 2, "what the changed record said before the catalogue holds"
    step_by_step = content_hash(workshop.catalogue)
    assert workshop.build(full=True).read == 4
    assert content_hash(workshop.catalogue) == step_by_step


def test_the_order_of_import_changes_nothing(workshop: Workshop, tmp_path: Path) -> None:
    other = Workshop(tmp_path / "other")
    other.folder.mkdir()
    early, late = study("NCT90000001", "2026-01-01"), study("NCT90000001", "2026-02-01", briefTitle="Later")
    workshop.take_in(early, name="a.json", mtime=1_767_300_000)
    workshop.take_in(late, name="b.json", mtime=1_770_000_000)
    other.take_in(late, name="b.json", mtime=1_770_000_000)
    other.take_in(early, name="a.json", mtime=1_767_300_000)
    workshop.build()
    other.build()
    assert content_hash(workshop.catalogue) == content_hash(other.catalogue)
    assert workshop.rows("SELECT public_title FROM records") == [("Later",)]


def test_a_partial_answer_never_replaces_a_fuller_one(workshop: Workshop) -> None:
    partial = {
        "protocolSection": {"identificationModule": {"nctId": "NCT90000001"}, "designModule": {"phases": ["PHASE3"]}}
    }
    workshop.take_in(study("NCT90000001"), name="full.json")
    workshop.take_in(partial, name="partial.json", mtime=1_790_000_000)
    workshop.build()
    assert workshop.rows("SELECT phase, is_partial FROM records") == [("2", 0)]
    assert workshop.rows("SELECT count(*), sum(is_current) FROM versions") == [(2, 1)]


def test_alone_a_partial_answer_makes_a_poor_record_that_says_so(workshop: Workshop) -> None:
    workshop.take_in(
        {"protocolSection": {"identificationModule": {"nctId": "NCT90000001"}, "designModule": {"phases": ["PHASE3"]}}}
    )
    workshop.build()
    assert workshop.rows("SELECT phase, is_partial FROM records") == [("3", 1)]
    assert workshop.rows("SELECT count(*) FROM warnings WHERE field = 'record'") == [(1,)]


def test_a_record_served_twice_at_once_is_two_versions_and_a_warning(workshop: Workshop) -> None:
    workshop.take_in(study("NCT90000001"), study("NCT90000001", acronym="TWICE"))
    workshop.build()
    assert workshop.rows("SELECT acronym FROM records") == [("TWICE",)], "the fuller one is shown"
    assert workshop.rows("SELECT reason FROM warnings WHERE field = 'record'")[0][0].startswith(
        "the registry served this record twice"
    )


def test_a_record_no_longer_served_keeps_its_rows(workshop: Workshop) -> None:
    workshop.take_in(study("NCT90000001"))
    workshop.build()
    with Archive(workshop.archive) as archive:
        run = archive.start_run("ctgov", "q", "2026-03-01T00:00:00Z")
        archive.mark_absent(run, "ctgov", "NCT90000001", "2026-03-01T00:00:00Z")
    workshop.build()
    assert workshop.rows("SELECT withdrawn_from_registry_at FROM records") == [("2026-03-01T00:00:00Z",)]


def test_contacts_are_published_only_when_configured(workshop: Workshop) -> None:
    entry = study("NCT90000001")
    entry["protocolSection"]["contactsLocationsModule"] = {
        "centralContacts": [
            {"name": "Ann Example", "role": "CONTACT", "phone": "+1 555 0100", "email": "ann@example.org"}
        ]
    }
    workshop.take_in(entry)
    workshop.build()
    assert workshop.rows("SELECT name, email, phone FROM contacts") == [("Ann Example", None, None)]
    workshop.build(publish_contacts=True)
    assert workshop.rows("SELECT email, phone FROM contacts") == [("ann@example.org", "+1 555 0100")]


def test_an_address_in_place_of_a_name_is_not_published_either(workshop: Workshop) -> None:
    entry = study("NCT90000001")
    entry["protocolSection"]["contactsLocationsModule"] = {
        "centralContacts": [{"name": "trials@example.org"}, {"name": "Ann Example (ann@example.org), MD"}],
        "overallOfficials": [{"name": "Bo Example", "affiliation": "bo@example.org"}, {"name": "cy@example.org"}],
        "locations": [{"facility": "Clinic", "contacts": [{"name": "Mailto:dee@example.org"}]}],
    }
    entry["protocolSection"]["ipdSharingStatementModule"] = {
        "ipdSharing": "YES",
        "description": "Write to data@example.org first.",
    }
    workshop.take_in(entry)
    workshop.build()
    assert workshop.rows("SELECT ipd_description FROM trials") == [("Write to [e-mail address withheld] first.",)]
    assert workshop.rows("SELECT name, affiliation FROM contacts") == [("Ann Example, MD", None), (None, "Clinic")]
    assert workshop.rows("SELECT name, affiliation FROM investigators") == [("Bo Example", None)]
    workshop.build(publish_contacts=True)
    assert ("trials@example.org",) in workshop.rows("SELECT name FROM contacts")
    assert workshop.rows("SELECT ipd_description FROM trials") == [("Write to data@example.org first.",)]


def test_addresses_and_telephone_numbers_in_prose_are_not_published_either(workshop: Workshop) -> None:
    summary = (
        "100mg@8am, CD4+ 200 cells.\n\nWho is the main contact?\nAnn Example, +44 (0)20 7946 0000, ann@example.org"
    )
    entry = study("NCT90000001")
    entry["protocolSection"]["descriptionModule"] = {"briefSummary": summary}
    workshop.take_in(entry)
    workshop.build()
    kept = "100mg@8am, CD4+ 200 cells.\n\nWho is the main contact?\nAnn Example, [telephone number withheld], [e-mail address withheld]"
    assert workshop.rows("SELECT brief_summary FROM records") == [(kept,)]
    assert workshop.rows("SELECT brief_summary FROM trials") == [(kept,)]
    workshop.build(publish_contacts=True)
    assert workshop.rows("SELECT brief_summary FROM records") == [(summary,)]


@pytest.mark.parametrize(
    ("said", "published"),
    [
        ("REC (1 Road; +44 (0)2071048000; rec@example.nhs.uk), ref: 20/LO/1", "REC (1 Road; [telephone number withheld]; [e-mail address withheld]), ref: 20/LO/1"),
        ("Ask <mailto:ann@example.org>.", "Ask <[e-mail address withheld]>."),
        ("+1-555-010-0199 or +3 points, 2024-01-01 00000000", "[telephone number withheld] or +3 points, 2024-01-01 00000000"),
        ("2 @ noon, HLA-A*02:01+123456789", "2 @ noon, HLA-A*02:01+123456789"),
    ],
)  # fmt: skip
def test_what_of_an_ethics_review_and_a_document_is_published(said: str, published: str) -> None:
    record = Record(
        registry="ISRCTN",
        registry_id="ISRCTN99999901",
        documents=(Document(label=said),),
        ethics_reviews=(EthicsReview(committee=said),),
    )
    shown = privacy.published(record)
    assert (shown.documents[0].label, shown.ethics_reviews[0].committee) == (published, published)


def test_a_payload_that_cannot_be_read_is_told_and_costs_no_neighbour(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_on_the_second(source: str, body: bytes, media_type: str) -> Any:
        if b"NCT90000002" in body:
            raise ZeroDivisionError("a mistake of ours")
        return original(source, body, media_type)

    original = build_room.normalize.normalize
    monkeypatch.setattr(build_room.normalize, "normalize", fails_on_the_second)
    workshop.take_in(study("NCT90000001"), study("NCT90000002"))
    assert workshop.build().rejected == 1
    assert workshop.rows("SELECT registry_id FROM records") == [("NCT90000001",)]
    ((registry_id, reason),) = workshop.rows("SELECT registry_id, reason FROM rejected_payloads")
    assert (registry_id, "please report" in reason) == ("NCT90000002", True)


def test_a_build_that_fails_leaves_the_old_catalogue(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.take_in(study("NCT90000001"))
    workshop.build()
    before = content_hash(workshop.catalogue)
    workshop.take_in(study("NCT90000002"), name="more.json")

    def closes(db: sqlite3.Connection) -> None:
        raise BuildFailed("no")

    monkeypatch.setattr(build_room, "check_content", closes)
    with pytest.raises(BuildFailed):
        workshop.build()
    assert content_hash(workshop.catalogue) == before


def test_every_reference_has_its_row_and_every_trial_its_search_entry(workshop: Workshop) -> None:
    workshop.take_in(*(study(f"NCT9000000{n}") for n in range(5)))
    workshop.build()
    assert workshop.rows("PRAGMA foreign_key_check") == []
    assert workshop.rows("SELECT count(*) FROM trials_fts WHERE trials_fts MATCH 'miscarriage'") == [(5,)]


def test_the_search_follows_a_step_and_reads_no_trial_again_of_which_no_word_changed(workshop: Workshop) -> None:
    workshop.take_in(study("NCT90000001", briefTitle="Before"), study("NCT90000002", briefTitle="Always"))
    workshop.build()
    blocks = "SELECT count(*), sum(length(block)) FROM trials_fts_data"
    before = workshop.rows(blocks)
    workshop.take_in(study("NCT90000002", "2026-02-01", briefTitle="Always"), name="date.json")
    workshop.build()
    assert workshop.rows(blocks) == before
    workshop.take_in(study("NCT90000001", "2026-02-01", briefTitle="Afterwards"), name="title.json")
    workshop.build()
    for word, trials in (("before", []), ("afterwards", [("NCT90000001",)]), ("always", [("NCT90000002",)])):
        found = "SELECT t.trial_id FROM trials_fts f JOIN trials t ON t.rowid = f.rowid WHERE trials_fts MATCH"
        assert workshop.rows(f"{found} '{word}'") == trials
    with closing(sqlite3.connect(workshop.catalogue)) as db:
        db.execute(
            "INSERT INTO trials_fts (trials_fts, rank) VALUES ('integrity-check', 1)"
        )  # raises where they differ


def test_an_organization_whose_class_turns_turns_it_in_every_trial_that_names_it(workshop: Workshop) -> None:
    def of(number: str, class_: str) -> dict[str, Any]:
        entry = study(number)
        entry["protocolSection"]["sponsorCollaboratorsModule"] = {"leadSponsor": {"name": "Zyxwo", "class": class_}}
        return entry

    workshop.take_in(of("NCT90000001", "NETWORK"))
    workshop.build()
    workshop.take_in(of("NCT90000002", "INDUSTRY"), of("NCT90000003", "INDUSTRY"), name="more.json")
    workshop.build()
    assert workshop.rows("SELECT DISTINCT sponsor_class FROM trials") == [("industry",)]
    step_by_step = content_hash(workshop.catalogue)
    workshop.build(full=True)
    assert content_hash(workshop.catalogue) == step_by_step


def test_a_change_in_one_record_touches_no_other_trial_of_its_sponsor(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.take_in(study("NCT90000001"), study("NCT90000002"))
    workshop.build()
    seen: list[set[str]] = []
    look = (lambda db, touched: seen.append(set(touched.trials)),)
    monkeypatch.setattr(build_room, "STAGES", (*build_room.STAGES, *look))
    later = study("NCT90000002", "2026-02-01")
    later["protocolSection"]["conditionsModule"] = {"conditions": ["Lupus"]}
    workshop.take_in(later, name="later.json", mtime=1_770_000_000)
    workshop.build()
    assert seen == [{"NCT90000002"}]
    assert workshop.rows("SELECT count(*) FROM record_sponsors WHERE sponsor_id IS NULL") == [(0,)]


def test_the_fill_of_every_column_after_a_step_is_that_of_a_full_build(workshop: Workshop) -> None:
    both = [study("NCT90000001"), study("NCT90000002", acronym="ONE")]
    workshop.take_in(*both)
    workshop.build()
    both[1]["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"] = {"date": "2026-02-01"}
    both[1]["protocolSection"]["identificationModule"] |= {"acronym": "", "organization": {"fullName": "Example"}}
    both[0]["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"] = {"date": "2026-02-01"}
    for entry in both:
        entry["protocolSection"]["conditionsModule"] = {"keywords": ["miscarriage"]}
    workshop.take_in(*both, name="later.json", mtime=1_770_000_000)
    workshop.build()
    rates = workshop.rows("SELECT * FROM fill_rates ORDER BY source, field")
    workshop.build(full=True)
    assert workshop.rows("SELECT * FROM fill_rates ORDER BY source, field") == rates
    assert ("ctgov", "conditions") not in [row[:2] for row in rates]


def test_pages_read_by_a_build_leave_nothing_in_memory(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(__file__).parents[1] / "fixtures" / "ictrp" / "DRKS00999901" / "payload.html"
    for number in range(60):
        copy = workshop.folder / f"{number}.html"
        copy.write_bytes(page.read_bytes().replace(b"DRKS00999901", b"DRKS%08d" % number))
    with Archive(workshop.archive) as archive:
        import_files(archive, "ictrp", list(files_of(sorted(workshop.folder.glob("*.html")))))
    monkeypatch.setattr(reading, "_BATCH", 20)
    objects: list[int] = []
    workshop.build(progress=lambda done, total: objects.append(len(gc.get_objects())))
    assert len(objects) == 4
    assert objects[2] - objects[1] < 20 * 50  # a page that is not freed has hundreds
