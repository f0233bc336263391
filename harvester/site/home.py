"""Site room: the first page: one search box, what is in the catalogue, and ways into it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response

from harvester.site import labels, queries
from harvester.site.cards import facet_label
from harvester.site.database import catalogue_of, read
from harvester.site.pages import page
from harvester.site.sources import described
from harvester.site.wanted import Wanted

if TYPE_CHECKING:
    from datasette.app import Datasette

#: What the first page counts, under these headings.
_COUNTED = {"status": "By recruitment status", "phase": "By phase", "type": "By study type"}
_EXAMPLE_CONDITIONS = 2


def _home(db: sqlite3.Connection) -> dict[str, Any]:
    nothing_asked = queries.Asked(None, {})
    counts = [
        {
            "heading": heading,
            "rows": [
                {
                    "label": facet_label(facet, value),
                    "count": labels.number(count),
                    "path": Wanted(filters={facet: (queries.NOT_GIVEN if value is None else str(value),)}).path,
                }
                for value, count in queries.facet_counts(db, facet, nothing_asked)
            ],
        }
        for facet, heading in _COUNTED.items()
    ]
    examples = queries.common_conditions(db, _EXAMPLE_CONDITIONS)
    newest = queries.newest_trial(db)
    return {
        "totals": {key: labels.number(value) for key, value in queries.totals(db).items()},
        "examples": [
            {"text": text, "path": Wanted(text=text).path} for text in [*examples, *([newest] if newest else [])]
        ],
        "counts": counts,
        "sources": [described(row) for row in queries.sources(db)],
        "registries": [
            {
                "name": row["registry"],
                "trials": labels.number(row["trials"]),
                "records": labels.number(row["records"]),
                "path": Wanted(filters={"registry": (row["registry"],)}).path,
            }
            for row in queries.registry_counts(db)
        ],
    }


async def home(datasette: Datasette, request: Request) -> Response:
    """`/`"""
    context = await read(datasette, _home)
    return await page(datasette, request, "home.html", {**context, "database": catalogue_of(datasette).name})
