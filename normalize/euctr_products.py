"""EUCTR, products: section D of the form, the investigational medicinal products and placebos of a record.

Called by `euctr.py`. One product of the form is one intervention, in its order: the same substance in two strengths is there twice,
as it is in the register. Every filled field of a product is in its names or, after the form's label, in its description;
questions answered with No are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from normalize.euctr_fields import Field, blocks, caption
from normalize.euctr_form import PLACEBO, PRODUCT
from normalize.identifiers import is_junk
from normalize.schema import Intervention
from normalize.text import fold

#: Fields that name a product, the best name first: product, trade name, INN, descriptive name, the sponsor's codes, CAS, EV code.
NAMES = {
    code: rank
    for rank, code in enumerate(("D.3.1", "D.2.1.1.1", "D.3.8", "D.3.9.3", "D.3.2", "D.3.9.2", "D.3.9.1", "D.3.9.4"))
}
_CODES_ALONE = ("D.3.9.1", "D.3.9.4")
#: Unit, type and number of a concentration: one line of the description for each substance.
UNIT, CONCENTRATION_TYPE, NUMBER = "D.3.10.1", "D.3.10.2", "D.3.10.3"
#: Kinds of product in ClinicalTrials.gov's words; the first that is answered with Yes counts.
TYPES = {
    "D.3.11.4": "combination_product",
    "D.3.11.3.2": "genetic",
    "D.3.11.3": "biological",
    "D.3.11.2": "biological",
    "D.3.11.6": "biological",
    "D.3.11.7": "biological",
}


def products(fields: Sequence[Field]) -> tuple[Intervention, ...]:
    """The interventions of the fields of section D: products (D.IMP), then placebos (D.8)."""
    tested: list[Field] = []
    placebos: list[Field] = []
    for field in fields:
        (placebos if field.code[:3] == "D.8" else tested).append(field)
    found = [_product(block, number) for number, block in enumerate(blocks(tested, PRODUCT), 1)]
    found += [_placebo(block) for block in blocks(placebos, PLACEBO)]
    return tuple(intervention for intervention in found if intervention is not None)


def _product(block: list[Field], number: int) -> Intervention | None:
    filled = [field for field in block if field.value not in ("", "No") and field.kind != "block"]
    if not filled:
        return None
    named = sorted((field for field in filled if _is_name(field)), key=lambda field: NAMES[field.code])
    names = list(dict.fromkeys(" ".join(field.value.split()) for field in named))
    # A product without any name goes by the form's own heading, "D.IMP: 2".
    has_name = bool(named) and named[0].code not in _CODES_ALONE
    name, others = (names[0], names[1:]) if has_name else (f"IMP {number}", names)
    answers = {field.code for field in filled if field.value == "Yes"}
    return Intervention(
        name=name,
        name_normalized=fold(name),
        type=next((kind for code, kind in TYPES.items() if code in answers), "drug"),
        description="\n".join(_description(filled)) or None,
        other_names="\n".join(others) or None,
    )


def _is_name(field: Field) -> bool:
    return field.code in NAMES and not is_junk(field.value)


def _description(filled: list[Field]) -> list[str]:
    """The fields that are no names, as lines; strengths with their substance where the product has several."""
    lines: list[str] = []
    has_several = sum(field.code == NUMBER for field in filled) > 1
    substance = ""
    strength: dict[str, str] = {}
    for field in filled:
        if field.code == "D.3.8":
            substance = f" of {field.value}" if has_several else ""
        if field.code in (UNIT, CONCENTRATION_TYPE, NUMBER):
            strength[field.code] = field.value
            if field.code == NUMBER:
                lines.append(f"Strength{substance}: {_strength(strength)}")
                strength = {}
        elif not _is_name(field):
            lines.append(f"{caption(field)}: {', '.join(field.value.splitlines())}")
    if strength:
        lines.append(f"Strength{substance}: {_strength(strength)}")
    return lines


def _strength(strength: dict[str, str]) -> str:
    """`100 mg milligram(s) (equal)`; the register writes code and name of a unit side by side."""
    amount = " ".join(strength[code] for code in (NUMBER, UNIT) if code in strength)
    kind = f" ({strength[CONCENTRATION_TYPE]})" if CONCENTRATION_TYPE in strength else ""
    return f"{amount}{kind}".strip()


def _placebo(block: list[Field]) -> Intervention | None:
    filled = [field for field in block if field.value and field.kind != "block"]
    if not filled or any(field.code == "D.8.1" and field.value == "No" for field in filled):
        return None
    described = [field for field in filled if field.code != "D.8.1"]
    description = "\n".join(_description(described)) or None
    return Intervention(name="Placebo", name_normalized="placebo", type="drug", description=description)
