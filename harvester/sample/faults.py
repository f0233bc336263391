"""Sample room: what can go wrong at a registry, by name.

`server` looks a name up here when a test or a demo says `server.fault("ctgov", "http-503", times=3)`. A fault works at one
of three places: on what the registry holds, on the list of hits as it is paged, or on the finished answer. All are pure.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from harvester.sample import ctgov, ctis, euctr, ictrp, isrctn
from harvester.sample.wire import Answer, Holding, Listing, Request, Shelf, page, plain

Options = dict[str, Any]

#: The sample registries, each a module that knows how its registry speaks.
REGISTRIES: dict[str, ModuleType] = {"ctgov": ctgov, "euctr": euctr, "ctis": ctis, "isrctn": isrctn, "ictrp": ictrp}

# A status that no vocabulary knows, in each registry's spelling.
NEW_STATUS: dict[str, tuple[str, str]] = {
    "ctgov": ('"overallStatus":"RECRUITING"', '"overallStatus":"PAUSED_FOR_REVIEW"'),
    "euctr": ("Trial Status: Ongoing", "Trial Status: Paused for review"),
    "ctis": ('"ctPublicStatus":"Ongoing, recruiting"', '"ctPublicStatus":"Paused for review"'),
    "isrctn": ("<recruitmentStatusOverride>Stopped<", "<recruitmentStatusOverride>Paused for review<"),
    "ictrp": ("<Recruitment_Status>Recruiting<", "<Recruitment_Status>Paused for review<"),
}

# A key that a new version of the interface calls otherwise.
RENAMED: dict[str, tuple[str, str]] = {
    "ctgov": ('"eligibilityCriteria":', '"eligibilityText":'),
    "euctr": ("E.3 Principal inclusion criteria", "E.3 Main inclusion criteria"),
    "ctis": ('"principalInclusionCriteria":', '"mainInclusionCriteria":'),
    "isrctn": ("inclusion>", "inclusionText>"),
    "ictrp": ("Inclusion_Criteria>", "Inclusion_criteria_text>"),
}


# What the registry holds --------------------------------------------------------------------------------------------


def record_deleted(shelf: Shelf, registry: str, options: Options) -> Shelf:
    """The registry no longer has the record `number` (for euctr `2017-001400-29/FR`)."""
    return replace(shelf, holdings=tuple(each for each in shelf.holdings if each.number != options["number"]))


def record_changed(shelf: Shelf, registry: str, options: Options) -> Shelf:
    """In the record `number` the text `old` now reads `new`, as the registry writes it (compact JSON for ctgov)."""
    held = [Holding(each.number, swapped(each, options)) for each in shelf.holdings]
    return Shelf(tuple(held), shelf.changed | {options["number"]})


def swapped(holding: Holding, options: Options) -> str:
    if holding.number != options["number"]:
        return holding.text
    if options["old"] not in holding.text:
        raise ValueError(f"{holding.number} of the sample does not hold {options['old']!r}: nothing to change")
    return holding.text.replace(options["old"], options["new"])


def new_status(shelf: Shelf, registry: str, options: Options) -> Shelf:
    """Recruiting records have a status that did not exist before; with `every`, only the first in so many records."""
    return replaced(shelf, *NEW_STATUS[registry], options.get("every", 1))


def renamed_key(shelf: Shelf, registry: str, options: Options) -> Shelf:
    """A key is called otherwise (`old`, `new`; by default the one of the criteria)."""
    old, new = RENAMED[registry]
    return replaced(shelf, options.get("old", old), options.get("new", new))


def replaced(shelf: Shelf, old: str, new: str, every: int = 1) -> Shelf:
    return replace(
        shelf,
        holdings=tuple(
            each if place % every else Holding(each.number, each.text.replace(old, new))
            for place, each in enumerate(shelf.holdings)
        ),
    )


def many_records(shelf: Shelf, registry: str, options: Options) -> Shelf:
    """The registry holds `count` records more: copies of its own under other numbers."""
    renumbered = REGISTRIES[registry].renumbered
    copies = [
        renumbered(shelf.holdings[index % len(shelf.holdings)], index) for index in range(1, options["count"] + 1)
    ]
    return replace(shelf, holdings=(*shelf.holdings, *copies))


def country_twice(shelf: Shelf, registry: str, options: Options) -> Shelf:
    """Every first country record of a trial is there a second time with another title, and nothing says which is newer."""
    doubled: list[Holding] = []
    seen: set[str] = set()
    for each in shelf.holdings:
        doubled.append(each)
        trial = each.number.split("/")[0]
        if trial not in seen:
            doubled.append(
                Holding(
                    each.number,
                    each.text.replace("A.3 Full title of the trial: ", "A.3 Full title of the trial: Amended: "),
                )
            )
        seen.add(trial)
    return replace(shelf, holdings=tuple(doubled))


# The list of hits -----------------------------------------------------------------------------------------------------


def boundary(found: Listing) -> int:
    """Where the second page begins; with one page, its last record."""
    return found.page_size if len(found.numbers) > found.page_size else max(len(found.numbers) - 1, 1)


def record_twice(found: Listing, options: Options) -> Listing:
    """The last record of a page is the first of the next as well."""
    at = boundary(found)
    return replace(found, numbers=(*found.numbers[:at], found.numbers[at - 1], *found.numbers[at:]))


def record_lost(found: Listing, options: Options) -> Listing:
    """The first record of the second page never comes."""
    at = boundary(found)
    return replace(found, numbers=(*found.numbers[:at], *found.numbers[at + 1 :]))


def record_shifted(found: Listing, options: Options) -> Listing:
    """The list moved while it was read: one record comes twice and another never, so the number of rows looks right."""
    at = boundary(found)
    return replace(found, numbers=(*found.numbers[:at], found.numbers[at - 1], *found.numbers[at + 1 :]))


def announces_more(found: Listing, options: Options) -> Listing:
    """The announced number is larger than what is there, by `by` (1)."""
    return replace(found, announced=found.announced + options.get("by", 1))


def empty_page(found: Listing, options: Options) -> Listing:
    """Before the last page comes one without records, and it is not the last."""
    return replace(found, has_empty_page=True)


def endless_pages(found: Listing, options: Options) -> Listing:
    """After the last page it comes again, for ever."""
    return replace(found, is_endless=True)


# The finished answer --------------------------------------------------------------------------------------------------


def http_status(answer: Answer, request: Request, options: Options) -> Answer:
    """The status `status`, with `retry_after` as Retry-After when given: seconds or an HTTP date."""
    headers = {"Retry-After": str(options["retry_after"])} if "retry_after" in options else {}
    return replace(plain(options["status"], f"The sample registry answers {options['status']}."), headers=headers)


def html_instead(answer: Answer, request: Request, options: Options) -> Answer:
    """A page for people with status 200, such as firewalls and notices of maintenance send."""
    return page(
        "<!DOCTYPE html>\n<html><head><title>Please wait</title></head><body><h1>Checking your browser</h1></body></html>"
    )


def empty_body(answer: Answer, request: Request, options: Options) -> Answer:
    """The right header and not one byte."""
    return replace(answer, body=b"")


def wrong_charset(answer: Answer, request: Request, options: Options) -> Answer:
    """The header says ISO-8859-1, the bytes are UTF-8."""
    return replace(answer, media_type=answer.media_type.split(";")[0] + "; charset=ISO-8859-1")


def wrong_bytes(answer: Answer, request: Request, options: Options) -> Answer:
    """The header says UTF-8, the bytes are Windows-1252."""
    body = answer.body.decode().encode("cp1252", errors="replace")
    return replace(answer, body=body, media_type=answer.media_type.split(";")[0] + "; charset=UTF-8")


def foreign_redirect(answer: Answer, request: Request, options: Options) -> Answer:
    """A redirect off the host: by default to the same port of `localhost`, where following it shows in the log."""
    port = request.headers.get("host", "").rpartition(":")[2]
    location = options.get("location", f"http://localhost:{port}/elsewhere")
    return Answer(b"", "text/plain", 302, {"Location": location})


def redirect_loop(answer: Answer, request: Request, options: Options) -> Answer:
    """A redirect to the same address."""
    return Answer(b"", "text/plain", 302, {"Location": request.path})


def truncated_gzip(answer: Answer, request: Request, options: Options) -> Answer:
    """A compressed body of which the last third is missing, while its length is that of what was sent."""
    packed = gzip.compress(answer.body, mtime=0)
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return replace(answer, body=packed[: len(packed) * 2 // 3], headers=headers)


def delivered(delivery: str, option: str, otherwise: float) -> Callable[[Answer, Request, Options], Answer]:
    def deliver(answer: Answer, request: Request, options: Options) -> Answer:
        return replace(answer, delivery=delivery, pace=float(options.get(option, otherwise)))

    return deliver


SHELF_FAULTS: dict[str, Callable[[Shelf, str, Options], Shelf]] = {
    "record-deleted": record_deleted,
    "record-changed": record_changed,
    "new-status": new_status,
    "renamed-key": renamed_key,
    "many-records": many_records,
    "country-twice": country_twice,
}
LISTING_FAULTS: dict[str, Callable[[Listing, Options], Listing]] = {
    "record-twice": record_twice,
    "record-lost": record_lost,
    "record-shifted": record_shifted,
    "announces-more": announces_more,
    "empty-page": empty_page,
    "endless-pages": endless_pages,
}
ANSWER_FAULTS: dict[str, Callable[[Answer, Request, Options], Answer]] = {
    "http-status": http_status,
    "html-instead": html_instead,
    "empty-body": empty_body,
    "wrong-charset": wrong_charset,
    "wrong-bytes": wrong_bytes,
    "foreign-redirect": foreign_redirect,
    "redirect-loop": redirect_loop,
    "truncated-gzip": truncated_gzip,
    "truncated-body": delivered("truncated", "", 0),
    "reset": delivered("reset", "", 0),
    "reset-midway": delivered("reset-midway", "", 0),
    "slow-drip": delivered("drip", "pause", 0.05),  # seconds between two pieces of a twentieth of the body
    "no-answer": delivered("silence", "seconds", 600),
    "gzip-bomb": delivered("gzip-bomb", "megabytes", 1_100),
    "oversized-body": delivered("oversized", "megabytes", 1_100),  # length in the header
    "oversized-stream": delivered("oversized-stream", "megabytes", 1_100),  # no length, ends with the connection
}

NAMES = frozenset({*SHELF_FAULTS, *LISTING_FAULTS, *ANSWER_FAULTS})


def spelled_out(name: str, options: Options) -> tuple[str, Options]:
    """`http-503` is short for `http-status` with status 503. Raises ValueError for a name that is not in the tables."""
    if name.startswith("http-") and name[5:].isdigit():
        name, options = "http-status", {"status": int(name[5:]), **options}
    if name not in NAMES:
        raise ValueError(
            f"The sample registries know no fault {name!r}; they know http-<status>, {', '.join(sorted(NAMES))}"
        )
    return name, options
