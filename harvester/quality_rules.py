"""The rules behind quality flags: data. Called by `harvester.quality`; the site explains them from `quality_rules`.

A rule's `evidence` is a SELECT of (record_id, detail) of the records that show it. `{judged}` in it stands for the condition
that chooses the records to look at. Where a rule needs today it reads `dated` (see `harvester.quality`) and says `by_date`.

Dates may be partial. Two dates are compared as far as both go (`_before`): 2024 is not before 2024-03, nor after it. So a
flag is only raised where every day that the dates leave open shows it.
"""

from __future__ import annotations

from typing import NamedTuple

from rapidfuzz.distance import Indel

from harvester.rows import QualityRule
from normalize.text import fold

#: Texts that are shorter (folded) say nothing: "None", "Not applicable", "See protocol".
SHORTEST_TEXT = 20
#: From so many characters (folded) on, two texts that are nearly the same are one text entered twice.
LONG_TEXT = 300
#: So many characters are compared; the time grows with their square.
LONGEST_TEXT = 20_000
#: Share of the characters of two long texts that stand in both, in order. Criteria that were written apart share two thirds at
#: most (of 1,559 recorded entries); with a line added and another reworded it is still .97.
ALIKE = 0.9
#: Trials that began earlier could not know of ICMJE's demand.
ICMJE_SINCE = "2005-07-01"

_ICMJE = "https://www.icmje.org/recommendations/browse/publishing-and-editorial-issues/clinical-trial-registration.html"
_TRDS = "https://www.who.int/tools/clinical-trials-registry-platform/network/who-data-set"
_JOINT_STATEMENT = "https://www.who.int/news/item/18-05-2017-joint-statement-on-registration"
_PART_11 = "https://www.ecfr.gov/current/title-42/chapter-I/subchapter-A/part-11"


def same_text(one: str | None, other: str | None) -> bool:
    """Whether two texts say the same, and say something: equal but for case, accents, punctuation and blanks; where they are
    longer than LONG_TEXT, also when hardly a line was added or put in other words (likeness of ALIKE or more)."""
    if not one or not other:
        return False
    if fold(one[:80])[:SHORTEST_TEXT] != fold(other[:80])[:SHORTEST_TEXT]:  # most texts part here, at little cost
        return False
    one, other = fold(one[:LONGEST_TEXT]), fold(other[:LONGEST_TEXT])
    if min(len(one), len(other)) > LONG_TEXT:
        return Indel.normalized_similarity(one, other, score_cutoff=ALIKE) > 0
    return len(one) > SHORTEST_TEXT and one == other


def _before(one: str, other: str) -> str:
    """SQL: whether a date is before another on every day that the two leave open; false where one is not given."""
    common = f"min(length({one}), length({other}))"
    return f"substr({one}, 1, {common}) < substr({other}, 1, {common})"


def _trds(items: str) -> dict[str, str]:
    """WHO's data set as the standard of a rule."""
    return {"standard": f"WHO Trial Registration Data Set 1.3.1, {items}", "standard_url": _TRDS}


class LongAgo(NamedTuple):
    """A condition that comes to hold as time goes by: a date, an expression over `dated`, is further back than a span."""

    date: str
    span: str  # of SQLite's date(): "-1 year"

    @property
    def holds(self) -> str:
        """SQL: whether it holds today."""
        return _before(self.date, f"date(today, '{self.span}')")

    @property
    def came(self) -> str:
        """SQL: whether it holds on the day `:today` and did not on the day `:before`."""
        then = f"date(:before, '{self.span}')"
        parts = f"substr({then}, 1, 7), substr({then}, 1, 4)"
        return f"{self.date} < date(:today, '{self.span}') AND ({self.date} >= {then} OR {self.date} IN ({parts}))"


class Rule(NamedTuple):
    """A row of `quality_rules` and the statement that finds its flags."""

    told: QualityRule
    evidence: str
    #: Holds from a day on: records that did not change are judged again when today passes that.
    by_date: LongAgo | None = None


_OPEN = "('recruiting', 'not_yet_recruiting', 'enrolling_by_invitation')"
_ACTIVE = "('recruiting', 'not_yet_recruiting', 'enrolling_by_invitation', 'active_not_recruiting')"
_ENDED = "coalesce(completion_date, primary_completion_date)"
_ENDED_LONG_AGO = LongAgo(_ENDED, "-1 year")
_RESULTS_DUE = LongAgo("coalesce(primary_completion_date, completion_date)", "-1 year")
_LAST_WORD = "max(coalesce(verification_date, last_update_date), coalesce(last_update_date, verification_date))"
_UNCONFIRMED = LongAgo(_LAST_WORD, "-2 years")

# Arms are listed all or not at all. A record may count one country, or a region that holds several; EUCTR's age bands count the whole
# trial or its country (EUCTR2020-001270-29-GB), those of minors stand below "Under 18". A range holds every number between its ends.
_PARTS = """
    WITH whole AS (
        SELECT record_id, kind, max(count) AS count, min(coalesce(count_lower, count)) AS least,
               max(CASE WHEN count_lower IS NULL THEN '' ELSE count_lower || ' to ' END || count) AS said
        FROM enrollment_counts WHERE scope = 'total' AND {judged} GROUP BY record_id, kind HAVING count(*) = 1),
    part AS (
        SELECT p.*, whole.count AS total, whole.least, 'In total ' || whole.said || ' ' || kind || ', but ' AS beginning
        FROM whole JOIN enrollment_counts p USING (record_id, kind)
        WHERE p.scope <> 'total' AND coalesce(p.scope_value, '') <> 'each arm'
          AND NOT (p.scope = 'age_band' AND p.scope_value NOT IN ('Under 18') AND EXISTS (
              SELECT 1 FROM enrollment_counts m WHERE m.record_id = p.record_id AND m.kind = p.kind
                AND m.scope_value = 'Under 18' AND p.source_field LIKE m.source_field || '.%'))),
    said AS (
        SELECT record_id, kind, scope AS part, beginning || count(*)
               || CASE scope WHEN 'arm' THEN ' arms' WHEN 'country' THEN ' countries' ELSE ' age bands' END
               || ' have ' || sum(count) || ' together.' AS said
        FROM part
        WHERE scope IN ('arm', 'country', 'age_band')
          AND NOT (scope = 'country' AND EXISTS (SELECT 1 FROM part r
                   WHERE r.record_id = part.record_id AND r.kind = part.kind AND r.scope = 'region'))
        GROUP BY record_id, kind, scope
        HAVING count(*) > 1 AND (sum(count) < least OR sum(coalesce(count_lower, count)) > total)
           AND (scope <> 'country' OR count(DISTINCT scope_value) =
                (SELECT count(DISTINCT country_code) FROM countries c WHERE c.record_id = part.record_id))
           AND (scope <> 'age_band' OR sum(coalesce(count_lower, count)) > total OR sum(count) <> (SELECT max(c.count) FROM part c
                WHERE c.record_id = part.record_id AND c.kind = part.kind AND c.scope = 'country'))
        UNION ALL
        SELECT record_id, kind, 'one', beginning || scope_value || ' alone has ' || count || '.'
        FROM part WHERE coalesce(count_lower, count) > total AND scope_value IS NOT NULL)
    SELECT record_id, group_concat(said, ' ') AS detail FROM (SELECT * FROM said ORDER BY record_id, kind, part, said)
    GROUP BY record_id"""

RULES: tuple[Rule, ...] = (
    Rule(
        QualityRule(
            flag="registered_after_enrollment",
            title="Registered after the first participant",
            field="date_of_registration",
            rule="Interventional; the registry says so itself, or the date of registration is after the date of first enrollment; the trial did not begin before 1 July 2005.",
            reason="What was planned can no longer be told from what was chosen when the first data were known.",
            standard="ICMJE: registration at or before first enrollment; Declaration of Helsinki, on registration before recruitment of the first participant",
            standard_url=_ICMJE,
            severity="serious",
        ),
        f"""
        SELECT record_id,
               CASE WHEN {_before("date_of_first_enrollment", "date_of_registration")}
                    THEN 'Registered ' || date_of_registration || ', first enrollment ' || date_of_first_enrollment || '.'
                    ELSE 'The registry itself says that it was registered after the first enrollment.' END AS detail
        FROM records
        WHERE prospective_registration = 0 AND study_type = 'interventional'
          AND NOT coalesce({_before("date_of_first_enrollment", f"'{ICMJE_SINCE}'")}, 0) AND {{judged}}""",
    ),
    Rule(
        QualityRule(
            flag="inclusion_equals_exclusion",
            title="Inclusion criteria are the exclusion criteria",
            field="criteria.text",
            rule=f"Both texts are longer than {SHORTEST_TEXT} characters and the same but for case, accents, punctuation and blanks; longer than {LONG_TEXT}, also when they share {ALIKE:.0%} of their characters.",
            reason="One of the two was entered in the other's place: who may take part cannot be read from this record.",
            **_trds("item 14: key inclusion and exclusion criteria"),
            severity="serious",
        ),
        """
        SELECT record_id, 'Both texts begin: ' || substr(replace(ltrim(inclusion_criteria, ' -*' || char(10)), char(10), ' '), 1, 120) || ' ...' AS detail
        FROM records WHERE same_text(inclusion_criteria, exclusion_criteria) AND {judged}""",
    ),
    Rule(
        QualityRule(
            flag="enrollment_parts_do_not_add_up",
            title="Numbers of participants do not add up",
            field="enrollment_counts.count",
            rule="Of the same kind, planned or actual: the numbers of all arms or of all countries of recruitment give another sum than the total; those of all age bands more than the total, or less and not the number of the record's own country; or a part alone is larger than the total.",
            reason="At least one of the numbers is wrong; the sample size cannot be relied on.",
            **_trds("item 17: sample size"),
            severity="notable",
        ),
        _PARTS,
    ),
    Rule(
        QualityRule(
            flag="completion_before_start",
            title="Completed before it began",
            field="completion_date",
            rule="The completion date, or the primary completion date, is before the date of first enrollment.",
            reason="One of the dates is wrong; how long the trial ran and when results are due cannot be told.",
            **_trds("items 16 and 22: first enrollment, completion"),
            severity="notable",
        ),
        f"""
        SELECT record_id, 'First enrollment ' || date_of_first_enrollment || ', '
               || CASE WHEN {_before("completion_date", "date_of_first_enrollment")}
                       THEN 'completion ' || completion_date ELSE 'primary completion ' || primary_completion_date END
               || '.' AS detail
        FROM records
        WHERE ({_before("completion_date", "date_of_first_enrollment")}
               OR {_before("primary_completion_date", "date_of_first_enrollment")}) AND {{judged}}""",
    ),
    Rule(
        QualityRule(
            flag="recruiting_past_completion",
            title="Recruiting long after its completion date",
            field="recruitment_status",
            rule="Recruiting, not yet recruiting or enrolling by invitation, while its completion date (else its primary completion date) passed more than a year ago.",
            reason="The record is not kept up: the trial has ended or its plan has changed, and patients may ask in vain.",
            standard="42 CFR 11.64 (FDAAA 801): recruitment status is updated within 30 days, the record every 12 months",
            standard_url=_PART_11,
            severity="notable",
        ),
        f"""
        SELECT record_id, 'Said to be ' || replace(recruitment_status, '_', ' ') || ', completion ' || {_ENDED} || '.' AS detail
        FROM dated WHERE recruitment_status IN {_OPEN} AND {_ENDED_LONG_AGO.holds} AND {{judged}}""",
        by_date=_ENDED_LONG_AGO,
    ),
    Rule(
        QualityRule(
            flag="results_overdue",
            title="Results are overdue",
            field="has_results",
            rule="Interventional, of phase 2 or later or of unknown phase; completed or terminated, or with an actual completion date; primary completion (else completion) more than 12 months ago; the registry says that it holds no results, and no other record of the trial has any.",
            reason="What was found is kept from patients and from reviews of the evidence; results that stay away are more often unfavourable.",
            standard="WHO joint statement on public disclosure of results (12 months); 42 CFR 11.44 (FDAAA 801); Regulation (EU) No 536/2014, article 37(4)",
            standard_url=_JOINT_STATEMENT,
            severity="serious",
        ),
        f"""
        SELECT record_id, 'Completed ' || coalesce(primary_completion_date, completion_date) || CASE WHEN EXISTS (
            SELECT 1 FROM publications p WHERE p.record_id = dated.record_id AND p.type = 'result'
          ) THEN ', no results at the registry; an article on them is listed.' ELSE ', no results.' END AS detail
        FROM dated
        WHERE has_results = 0 AND study_type = 'interventional'
          AND coalesce(phase, '') NOT IN ('early_1', '1', 'not_applicable')
          AND coalesce(recruitment_status, '') <> 'withdrawn'
          AND (recruitment_status IN ('completed', 'terminated')
               OR CASE WHEN primary_completion_date IS NULL THEN completion_date_type
                       ELSE primary_completion_date_type END = 'actual')
          AND {_RESULTS_DUE.holds}
          AND NOT EXISTS (SELECT 1 FROM records o WHERE o.trial_id = dated.trial_id AND o.has_results = 1) AND {{judged}}""",
        by_date=_RESULTS_DUE,
    ),
    Rule(
        QualityRule(
            flag="no_primary_outcome",
            title="No primary outcome",
            field="outcomes.measure",
            rule="Interventional, the whole entry is here, and it names no primary outcome.",
            reason="Without one named beforehand any favourable result can be called the main one.",
            **_trds("item 19: primary outcome; ICMJE asks for every item of the set"),
            severity="serious",
        ),
        """
        SELECT record_id, 'The entry of ' || registry || ' names no primary outcome.' AS detail
        FROM records r
        WHERE study_type = 'interventional' AND NOT is_partial AND primary_outcomes_raw IS NULL AND {judged}
          AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.record_id = r.record_id AND o.kind = 'primary')""",
    ),
    Rule(
        QualityRule(
            flag="age_text_against_field",
            title="Ages in the text contradict the age fields",
            field="minimum_age_years",
            rule="The eligibility text gives an age limit for all participants that cannot be true together with the registry's field.",
            reason="A search by age finds the trial for the wrong people, or misses it for the right ones.",
            **_trds("item 14: minimum and maximum age"),
            severity="notable",
        ),
        """
        SELECT record_id, group_concat(contradiction, ' ') AS detail FROM (
            SELECT DISTINCT record_id, contradiction FROM eligibility_facts
            WHERE contradiction IS NOT NULL AND fact IN ('minimum_age', 'maximum_age') AND {judged}
            ORDER BY record_id, contradiction)
        GROUP BY record_id""",
    ),
    Rule(
        QualityRule(
            flag="withdrawn_with_enrollment",
            title="Withdrawn, but participants were enrolled",
            field="actual_enrollment",
            rule="Recruitment status withdrawn, and the number of participants enrolled is above 0.",
            reason="Withdrawn means that nobody was enrolled. If somebody was, the trial was terminated and owes an account of them.",
            standard="42 CFR 11.10 (FDAAA 801): withdrawn is a trial halted before enrolling its first participant",
            standard_url=_PART_11,
            severity="serious",
        ),
        """
        SELECT record_id, 'Withdrawn, with ' || actual_enrollment || ' enrolled.' AS detail
        FROM records WHERE recruitment_status = 'withdrawn' AND actual_enrollment > 0 AND {judged}""",
    ),
    Rule(
        QualityRule(
            flag="stale_record",
            title="Not confirmed for two years",
            field="last_update_date",
            rule="Recruiting, not yet recruiting, enrolling by invitation or active, while the later of its verification date and its last update is more than two years ago.",
            reason="Nobody has said for two years that this is still so.",
            standard="42 CFR 11.64 (FDAAA 801): at least every 12 months; ClinicalTrials.gov calls a status unknown after two years",
            standard_url=_PART_11,
            severity="minor",
        ),
        f"""
        SELECT record_id,
               'Said to be ' || replace(recruitment_status, '_', ' ') || ', last confirmed ' || {_LAST_WORD} || '.' AS detail
        FROM dated WHERE recruitment_status IN {_ACTIVE} AND {_UNCONFIRMED.holds} AND {{judged}}""",
        by_date=_UNCONFIRMED,
    ),
)
