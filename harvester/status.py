"""How fresh and how complete the catalogue is. Called by `harvester status`."""

from __future__ import annotations

import sqlite3
from typing import Any


def status(db: sqlite3.Connection) -> dict[str, Any]:
    """Counts, freshness and the last run of every registry, as plain values for JSON."""

    def rows(sql: str) -> list[dict[str, Any]]:
        cursor = db.execute(sql)
        names = [description[0] for description in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    return {
        "counts": {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("trials", "records", "warnings", "unmapped_values", "rejected_payloads")
        },
        "registries": rows(
            "SELECT source, name, records, last_fetched_at, processed_date FROM registries ORDER BY source"
        ),
        "last_runs": rows(
            "SELECT registry, query, started_at, finished_at, announced, stored, new, changed, unchanged, rejected,"
            " coalesce(verdict, 'cut off') AS verdict, message FROM runs r"
            " WHERE run_id = (SELECT max(run_id) FROM runs WHERE registry = r.registry) ORDER BY registry"
        ),
    }


def describe(report: dict[str, Any]) -> str:
    """The same for a person, a few lines."""
    counts = report["counts"]
    lines = [f"{counts['trials']:,} trials from {counts['records']:,} records"]
    for registry in report["registries"]:
        fresh = f", last fetched {registry['last_fetched_at']}" if registry["last_fetched_at"] else ""
        lines.append(f"  {registry['name']}: {registry['records']:,} records{fresh}")
    lines.append("Last runs")
    for run in report["last_runs"]:
        announced = f" of {run['announced']:,} announced" if run["announced"] is not None else ""
        lines.append(
            f"  {run['registry']}: {run['verdict']}, {run['stored']:,}{announced} stored ({run['new']:,} new,"
            f" {run['changed']:,} changed), {run['rejected']:,} rejected; {run['query']}, {run['started_at']}"
        )
        if run["message"]:
            lines.append(f"    {run['message']}")
    lines.append(
        f"{counts['warnings']:,} warnings, {counts['unmapped_values']:,} unmapped values,"
        f" {counts['rejected_payloads']:,} rejected payloads"
    )
    return "\n".join(lines)
