"""The registries the harvester knows: one line each, with the terms under which their data are shown."""

from __future__ import annotations

from typing import NamedTuple


class Registry(NamedTuple):
    """A source of records. `source` names its spider (`spiders/<source>.py`) and normalizer (`normalize/<source>.py`)."""

    source: str
    name: str
    base_url: str
    page: str
    licence: str
    licence_url: str
    attribution: str
    terms: str


REGISTRIES: dict[str, Registry] = {
    registry.source: registry
    for registry in (
        Registry(
            source="ctgov",
            name="ClinicalTrials.gov",
            base_url="https://clinicaltrials.gov/api/v2",
            page="https://clinicaltrials.gov/",
            licence="Public domain (US government)",
            licence_url="https://clinicaltrials.gov/about-site/terms-conditions",
            attribution="ClinicalTrials.gov, U.S. National Library of Medicine",
            terms="Say the source and the date the data were taken.",
        ),
        Registry(
            source="euctr",
            name="EU Clinical Trials Register",
            base_url="https://www.clinicaltrialsregister.eu",
            page="https://www.clinicaltrialsregister.eu/",
            licence="Reproduction authorised with acknowledgement of the European Medicines Agency",
            licence_url="https://www.clinicaltrialsregister.eu/disclaimer.html",
            attribution="EU Clinical Trials Register, European Medicines Agency",
            terms="Acknowledge the European Medicines Agency as the source.",
        ),
        Registry(
            source="ctis",
            name="EU Clinical Trials Information System",
            base_url="https://euclinicaltrials.eu/ctis-public-api",
            page="https://euclinicaltrials.eu/",
            licence="Reproduction authorised with acknowledgement of the European Medicines Agency (taken to be as for EUCTR; not checked)",
            licence_url="https://euclinicaltrials.eu/",
            attribution="EU Clinical Trials Information System, European Medicines Agency",
            terms="Acknowledge the European Medicines Agency as the source.",
        ),
        Registry(
            source="isrctn",
            name="ISRCTN registry",
            base_url="https://www.isrctn.com/api",
            page="https://www.isrctn.com/",
            licence="CC BY 4.0 (metadata CC0)",
            licence_url="https://creativecommons.org/licenses/by/4.0/",
            attribution="ISRCTN registry",
            terms="Name ISRCTN as the source, link the licence and say what was changed.",
        ),
        Registry(
            source="ictrp",
            name="WHO ICTRP",
            base_url="https://trialsearch.who.int",
            page="https://trialsearch.who.int/",
            licence="WHO ICTRP terms of use: attribution, no commercial use",
            licence_url="https://www.who.int/tools/clinical-trials-registry-platform",
            attribution="WHO ICTRP",
            terms="Attribute WHO ICTRP with the date WHO processed the data, keep them current; no marketing, promotional or commercial use, no WHO name or emblem.",
        ),
    )
}

#: Registries that only answer for single numbers: a query there is a person's export, put into the inbox.
BY_NUMBER_ONLY = ("ictrp",)


def no_search(source: str) -> str:
    """Why one of these is not asked for a query or for everything, and the way out."""
    registry = REGISTRIES[source]
    return (
        f"{registry.name} has no search for programs: search {registry.page} by hand, export the result, and read it with `harvester "
        f"import {source} FILE`, or put it into the `inbox` of [registries.{source}], which every refresh "
        "reads"
    )
