"""Site room: trials related to a trial, and why. Pure.

Prepares one section of a trial's page; called through the table in `sections`. The reasons are `harvester.relate_words`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from harvester.relate_words import reasons
from harvester.site import labels
from harvester.site.entries import Trial
from harvester.site.pages import trial_path

#: Related trials that stand at once; the rest unfold.
_AT_ONCE = 6


def related_trials(trial: Trial) -> dict[str, Any] | None:
    """The related trials, most related first, each with its reasons in words. None: there is none."""
    found = [_one(trial.row["trial_id"], row) for row in trial.related]
    return {"shown": found[:_AT_ONCE], "folded": found[_AT_ONCE:]} if found else None


def _one(trial_id: str, row: dict[str, Any]) -> dict[str, Any]:
    other = row["related_trial_id"]
    state = [labels.word("recruitment_status", row["recruitment_status"]) if row["recruitment_status"] else "",
             labels.phase(row["phase"]) if row["phase"] else ""]  # fmt: skip
    return {
        "number": other,
        "title": row["title"] or other,
        "path": trial_path(other),
        "state": ", ".join(word for word in state if word),
        "reasons": reasons(row),
        "compare": f"/compare?{urlencode([('trial', trial_id), ('trial', other)])}",
    }
