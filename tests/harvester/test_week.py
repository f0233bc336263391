"""Refreshes day after day: what the table of changes tells, held against what differs between the registry's own answers.

Once over records written for it, once over the dated versions that are recorded in ../shared. Every day the inbox gets a file
of all that the registry serves that day, dated as that day, and a refresh and a build follow, gates and all.
"""

from __future__ import annotations

import datetime
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from harvester.archive import Verdict
from harvester.build import content_hash
from harvester.config import Config, Gates, RegistryConfig
from harvester.refresh import refresh
from harvester.schedule import Wish
from tests.harvester.test_build import Workshop, study

_TOLD = "SELECT substr(seen_at, 1, 10), substr(record_id, 7), field, old_value, new_value FROM changes ORDER BY 1, 2, 3"


class Diary(Workshop):
    """A workshop whose registry is a folder of files, one a day."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.inbox = folder / "inbox"
        self.inbox.mkdir()

    def day(self, day: str, served: Mapping[str, bytes]) -> Verdict:
        """A day's refresh over everything that is served, number -> bytes; what the run came to."""
        file = self.inbox / f"{day}.json"
        file.write_bytes(b"[" + b",\n".join(served.values()) + b"]")
        at = datetime.datetime.fromisoformat(f"{day}T06:00:00+00:00").timestamp()
        os.utime(file, (at, at))
        config = Config(registries={"ctgov": RegistryConfig(inbox=str(self.inbox))})
        [verdict] = refresh(config, Wish(registries=("ctgov",)), self.archive, lambda _: None).verdicts
        assert (verdict.verdict, verdict.stored) == ("complete", len(served))
        self.build(shares=Gates())
        return verdict

    def told(self) -> list[tuple[Any, ...]]:
        return self.rows(_TOLD)

    def assert_made_anew(self) -> None:
        """The archive alone gives the same changes and the same content."""
        stepwise, told = content_hash(self.catalogue), self.told()
        self.catalogue.unlink()
        self.build()
        assert self.told() == told
        assert content_hash(self.catalogue) == stepwise


# --------------------------------------------------------------------------------------------------- records written for it


def _served(number: str, day: str, status: str = "RECRUITING", countries: str = "France Spain", **rest: Any) -> bytes:
    """A study; whatever the day, the registry marks it with its own `versionHolder`."""
    entry = study(number, rest.pop("updated", "2026-01-01"), **rest)
    sites = [{"facility": f"Clinic of {name}", "city": name, "country": name} for name in countries.split()]
    entry["protocolSection"]["statusModule"]["overallStatus"] = status
    entry["protocolSection"]["contactsLocationsModule"] = {"locations": sites}
    entry["derivedSection"] = {"miscInfoModule": {"versionHolder": day}}
    return json.dumps(entry).encode()


_SHUT, _TITLE = {"status": "SUSPENDED", "updated": "2026-06-02"}, {"briefTitle": "A longer trial"}
_TURNED = {"countries": "Spain France"}
_MORE = {"countries": "Spain France Italy", "updated": "2026-06-05"}
#: Day -> number -> how the study is on that day, other than `_served` makes it.
WEEK: dict[str, dict[str, dict[str, Any]]] = {
    "2026-06-01": {"NCT90000001": {}, "NCT90000002": {}, "NCT90000003": {}},
    "2026-06-02": {"NCT90000001": _SHUT, "NCT90000002": {}, "NCT90000003": {}},
    "2026-06-03": {"NCT90000001": _SHUT, "NCT90000002": _TURNED, "NCT90000003": {"status": "SUSPENDED"}},
    "2026-06-04": {"NCT90000001": _SHUT, "NCT90000002": _TURNED, "NCT90000003": {}, "NCT90000004": {}},
    "2026-06-05": {"NCT90000001": _SHUT, "NCT90000002": _MORE, "NCT90000003": {}, "NCT90000004": _TITLE},
    "2026-06-06": {"NCT90000001": _SHUT, "NCT90000002": _MORE, "NCT90000004": _TITLE},
    "2026-06-07": {
        "NCT90000001": {"updated": "2026-06-07"},
        "NCT90000002": _MORE,
        "NCT90000003": {},
        "NCT90000004": _TITLE,
    },
}
_SITES = [f"Clinic of {name} · {name} · {code}" for name, code in (("Spain", "ES"), ("France", "FR"), ("Italy", "IT"))]
#: What that week tells: day, number, field, old and new value.
CHANGES = [
    ("2026-06-02", "NCT90000001", "last_update_date", "2026-01-01", "2026-06-02"),
    ("2026-06-02", "NCT90000001", "recruitment_status", "recruiting", "suspended"),
    ("2026-06-03", "NCT90000003", "recruitment_status", "recruiting", "suspended"),
    ("2026-06-04", "NCT90000003", "recruitment_status", "suspended", "recruiting"),
    ("2026-06-05", "NCT90000002", "countries", "Spain\nFrance", "Spain\nFrance\nItaly"),
    ("2026-06-05", "NCT90000002", "last_update_date", "2026-01-01", "2026-06-05"),
    ("2026-06-05", "NCT90000002", "sites", "\n".join(_SITES[:2]), "\n".join(_SITES)),
    ("2026-06-05", "NCT90000004", "public_title", "A trial", "A longer trial"),
    ("2026-06-07", "NCT90000001", "last_update_date", "2026-06-02", "2026-06-07"),
    ("2026-06-07", "NCT90000001", "recruitment_status", "suspended", "recruiting"),
]


def test_a_week_tells_what_changed_on_each_day_and_nothing_else(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    came = [
        diary.day(day, {number: _served(number, day, **how) for number, how in entries.items()})
        for day, entries in WEEK.items()
    ]
    assert [verdict.new for verdict in came] == [3, 0, 0, 1, 0, 0, 0]
    assert [verdict.changed for verdict in came] == [0, 1, 2, 0, 2, 0, 1], "`versionHolder` is no change, an order is"
    assert diary.told() == CHANGES
    assert diary.rows("SELECT count(*) FROM records") == [(4,)], "a file that lacks a record takes none away"
    diary.assert_made_anew()


# ------------------------------------------------------------------------------------------------ what the registry served


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path without places in lists, value) of everything a study holds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield path, value


#: Where the registry's words stand -> the field that tells of them with these very words.
WORDS = {
    "identificationModule.briefTitle": "public_title",
    "identificationModule.acronym": "acronym",
    "descriptionModule.detailedDescription": "detailed_description",
    "designModule.designInfo.interventionModelDescription": "intervention_model_description",
    "designModule.enrollmentInfo.count": "target_sample_size",
    "eligibilityModule.eligibilityCriteria": "eligibility_raw",
    "ipdSharingStatementModule.timeFrame": "ipd_time_frame",
    "ipdSharingStatementModule.accessCriteria": "ipd_access_criteria",
    "ipdSharingStatementModule.url": "ipd_url",
    "ipdSharingStatementModule.ipdSharing": "ipd_sharing",
    "statusModule.overallStatus": "recruitment_status",
    "statusModule.statusVerifiedDate": "verification_date",
    "statusModule.lastUpdatePostDateStruct.date": "last_update_date",
    "statusModule.startDateStruct.date": "date_of_first_enrollment",
    "statusModule.startDateStruct.type": "date_of_first_enrollment_type",
    "statusModule.primaryCompletionDateStruct.date": "primary_completion_date",
    "statusModule.completionDateStruct.date": "completion_date",
}
#: The same, for what is in lists or put together: a field tells of it all.
LISTS = {
    "armsInterventionsModule.armGroups": "arms",
    "outcomesModule": "outcomes",
    "contactsLocationsModule.centralContacts": "contacts",
    "contactsLocationsModule.locations.contacts": "contacts",
    "contactsLocationsModule.locations": "sites",
    "referencesModule": "publications",
    "ipdSharingStatementModule.description": "ipd_description",
    "ipdSharingStatementModule.infoTypes": "ipd_description",
}
#: What no change tells of, and why.
SILENT = {
    "derivedSection": "the registry computes it from the rest",
    "protocolSection.statusModule.lastUpdateSubmitDate": "the registry's date of the update itself is told",
    "protocolSection.statusModule.lastKnownStatus": "no column holds it",
    "protocolSection.armsInterventionsModule.interventions.armGroupLabels": "pairs of arms and interventions, told with both",
    "protocolSection.armsInterventionsModule.armGroups.interventionNames": "the same pairs",
    "protocolSection.contactsLocationsModule.locations.geoPoint": "the registry computes it from the city",
    "protocolSection.contactsLocationsModule.locations.zip": "no column holds it",
    **{
        f"protocolSection.contactsLocationsModule.{contacts}.{private}": "stays in the archive"
        for contacts in ("centralContacts", "locations.contacts")
        for private in ("phone", "phoneExt", "email", "role")
    },
}


class Served(NamedTuple):
    """What the registry served for one study on a day."""

    day: str
    number: str
    body: bytes

    def words(self) -> Counter[tuple[str, Any]]:
        leaves = _leaves(json.loads(self.body))
        return Counter((path, value) for path, value in leaves if not _below(path, SILENT))

    def countries(self) -> set[str]:
        return {value for path, value in self.words() if path.endswith("locations.country")}

    def says(self, path: str) -> str | None:
        return next((str(value) for at, value in self.words() if at == f"protocolSection.{path}"), None)


def _below(path: str, tree: Mapping[str, str]) -> str | None:
    """What the table says of the path, or of the nearest one above it."""
    parts = path.split(".")
    return next((tree[at] for n in range(len(parts), 0, -1) if (at := ".".join(parts[:n])) in tree), None)


def _differing(before: Served, after: Served) -> dict[str, str | None]:
    """Field -> the path of its words, for all in which two answers differ; None: a list. Raises KeyError for a path in no table."""
    old, new = before.words(), after.words()
    found: dict[str, str | None] = {}
    for full in sorted({path for path, _ in (old - new) + (new - old)}):
        path = full.removeprefix("protocolSection.")
        if path in WORDS:
            found[WORDS[path]] = path
        elif field := _below(path, LISTS):
            found[field] = None
        else:
            raise KeyError(f"{before.number}: {full} differs, and no table of this test says which field tells of it")
    return found | ({"countries": None} if before.countries() != after.countries() else {})


def _plain(words: str | None) -> str | None:
    """Words without the registry's spelling of codes and signs."""
    plain = words and words.replace("\\", "").replace(" ", "_").casefold()
    return {"estimated": "anticipated"}.get(plain or "", plain)


@pytest.fixture(scope="module")
def served(shared: Path) -> list[Served]:
    files = sorted((shared / "recorded" / "ctgov" / "versions").glob("*/*.json"), key=lambda file: file.stem)
    return [Served(file.stem, file.parent.name, file.read_bytes()) for file in files]


def test_recorded_days_tell_what_differs_between_the_registrys_answers(served: list[Served], tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    stands: dict[str, Served] = {}
    differing: dict[tuple[str, str], dict[str, str | None]] = {}
    pairs: dict[tuple[str, str], tuple[Served, Served]] = {}
    for day in sorted({one.day for one in served}):
        today = {one.number: one for one in served if one.day == day}
        for number in today.keys() & stands.keys():
            pairs[day, number] = (stands[number], today[number])
            differing[day, number] = _differing(*pairs[day, number])
        known = len(stands)
        stands |= today
        verdict = diary.day(day, {number: one.body for number, one in sorted(stands.items())})
        assert (verdict.new, verdict.unchanged) == (len(stands) - known, known - len(today) + verdict.new)
    assert len(stands) >= 10 and len(pairs) >= 15, "enough to be called a week"

    told: dict[tuple[str, str], dict[str, tuple[str | None, str | None]]] = {}
    for day, number, field, old, new in diary.told():
        told.setdefault((day, number), {})[field] = (old, new)
    assert {key: sorted(fields) for key, fields in told.items()} == {
        key: sorted(fields) for key, fields in differing.items() if fields
    }
    for key, fields in differing.items():
        for field, path in fields.items():
            if path is not None:
                assert tuple(map(_plain, told[key][field])) == tuple(_plain(one.says(path)) for one in pairs[key]), (
                    key,
                    field,
                )
    diary.assert_made_anew()
