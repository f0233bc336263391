"""Which trials are related to which, and why: fills `related_trials`.

A stage of `harvester.build`, after `trials`. Every trial has its 20 most related others, never itself. A pair of trials is
compared by their profiles (`relate_profiles`) and a few facts, by nothing else; the 20 are those with the largest products of
profiles (`relate_neighbours`), ranked by these and by the same people and design (`relate_reasons`). So a refresh compares
anew the trials of which the profile or a fact changed, and the others only with these (`relate_update`); where no word and no
fact of any trial changed (`relate_terms`), nothing. What a word weighs, the catalogue itself teaches (`relate_lessons`).

No extra with a sentence model is offered: none was found that comes inside a package, and nothing is downloaded at run time.
"""

from __future__ import annotations

import sqlite3

from harvester.relate_terms import read_terms
from harvester.touched import Touched

#: Related trials that are kept for each.
MOST = 20


def relate_trials(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Fills `related_trials`. A stage of `harvester.build`."""
    reread = read_terms(db, None if touched is None else touched.trials)
    if touched is not None and not reread.trials:
        return
    # Matrices come with scipy: half a second, for which neither the site nor a build that changes no word shall wait.
    from harvester.relate_lists import mend_lists, write_lists

    if touched is None:
        del reread  # a name for every trial
        write_lists(db, MOST)
    else:
        mend_lists(db, reread, MOST)
