"""Closed lists of the common schema: every value that a column with a vocabulary can have. Called by `schema` and whoever names such a value.

What the registries write for them is in vocabulary/, a file for each list, read by `vocabularies`.
"""

from __future__ import annotations

from typing import Literal

StudyType = Literal["interventional", "observational", "expanded_access", "basic_science", "other"]
DateType = Literal["actual", "anticipated"]
Sex = Literal["all", "female", "male"]
SponsorClass = Literal[
    "industry", "government", "academic_or_hospital", "network", "individual", "other_nonprofit", "unknown"
]
CriterionKind = Literal["inclusion", "exclusion", "unspecified"]
OutcomeKind = Literal["primary", "secondary", "other"]
SponsorRole = Literal["primary", "secondary", "funder"]
EnrollmentKind = Literal["planned", "actual"]
EnrollmentScope = Literal["total", "country", "region", "age_band", "arm"]
FactName = Literal["minimum_age", "maximum_age", "sex", "healthy_volunteers", "pregnancy", "breastfeeding", "consent"]
SecondaryIdType = Literal[
    "registry",  # a trial registry's number, in a field for identifiers
    "alias",  # an obsolete number of the same record, said so by its registry
    "mention",  # a trial registry's number in a title or free text: may be another trial
    "utn",  # WHO Universal Trial Number
    "sponsor_code",  # the sponsor's own protocol number
    "funder",  # a grant or contract number
    "regulator",  # a regulator's or ethics committee's number (ID-RCB, IRAS, IND, CIV-ID)
    "other",
]
