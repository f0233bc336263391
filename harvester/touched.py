"""What a build changes, as its stages need it. Filled by SQLite itself while a build writes; called by `harvester.build`.

Every stage gets it (see there). It follows the connection: a record written or deleted, the trials that a record leaves or
comes to, and the spellings of sponsors that come and go are noted as it happens, so that no stage can forget to tell.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, field

_FOLLOW = """
CREATE TEMP TRIGGER record_went AFTER DELETE ON main.records
BEGIN SELECT touch_record(old.record_id), touch_trial(old.trial_id); END;
CREATE TEMP TRIGGER record_came AFTER INSERT ON main.records
BEGIN SELECT touch_record(new.record_id), touch_trial(new.trial_id); END;
CREATE TEMP TRIGGER record_changed AFTER UPDATE OF payload_sha256 ON main.records
BEGIN SELECT touch_record(new.record_id), touch_trial(new.trial_id); END;
CREATE TEMP TRIGGER record_moved AFTER UPDATE OF trial_id ON main.records WHEN old.trial_id IS NOT new.trial_id
BEGIN SELECT touch_trial(old.trial_id), touch_trial(new.trial_id); END;
CREATE TEMP TRIGGER sponsor_went AFTER DELETE ON main.record_sponsors
BEGIN SELECT count_sponsor(old.name_raw, old.class_registry, -1); END;
CREATE TEMP TRIGGER sponsor_came AFTER INSERT ON main.record_sponsors
BEGIN SELECT count_sponsor(new.name_raw, new.class_registry, 1); END;
"""


@dataclass(frozen=True)
class Touched:
    """Keys of what this build changed; a stage that changes more than its own table's rows adds to it."""

    #: record_id of every record written or deleted; complete before the first stage.
    records: set[str] = field(default_factory=set)
    #: trial_id, old and new, of every trial of which a record came, went, changed or moved; complete after linking.
    trials: set[str] = field(default_factory=set)
    #: (spelling of a sponsor, class that the registry gives) -> how many rows of `record_sponsors` more have both.
    sponsors: Counter[tuple[str, str | None]] = field(default_factory=Counter)


def follow(db: sqlite3.Connection) -> Touched:
    """From now on notes what changes in `records` and `record_sponsors` on this connection."""
    touched = Touched()
    for name, keys in (("touch_record", touched.records), ("touch_trial", touched.trials)):
        db.create_function(name, 1, lambda key, keys=keys: None if key is None else keys.add(key))
    db.create_function("count_sponsor", 3, lambda name, kind, more: touched.sponsors.update({(name, kind): more}))
    db.executescript(_FOLLOW)
    return touched
