"""A limit in running text: a number, or two, with what they bound. Made by `comparisons` and `grades`, named by `measures`."""

from __future__ import annotations


class Limit:
    """A number, or two, with what they bound."""

    start: int  # first character of the comparison
    number: int  # first character of its first number
    end: int
    lower: float | None = None
    lower_inclusive: bool | None = None
    upper: float | None = None
    upper_inclusive: bool | None = None
    second: float | None = None  # the number after a slash: "≥ 140/90"
    second_upper: float | None = None  # where those after it are two: "130-139/80-89"
    unit: str = ""  # as it is written
    upper_unit: str = ""  # that of the upper bound where it is another: "6 months to 18 years"
    negated: bool = False
    ahead: bool = False  # what it limits is named after it: "18 < age"
    of_age: bool = False  # says "older", "years old", "of age"
    of_pregnancy: bool = False  # says that its weeks are those of a pregnancy
    roman: bool = False  # its numbers are Roman
    perhaps_year: bool = False  # a number without unit that can be a calendar year: a limit only right after a name of something measured
    carried: bool = False  # its comparison is that of the limit before: "≥ 140 mmHg systolic or 90 mmHg diastolic"
    bare: bool = False  # a range, list or "up to": a limit only where something known is limited

    def __init__(self, start: int, number: int, end: int) -> None:
        self.start, self.number, self.end = start, number, end

    def bound(self, side: str, value: float) -> None:
        """Set the bound that a comparison of this side (ge, gt, le, lt) makes of a number."""
        if side[0] == "g":
            self.lower, self.lower_inclusive = value, side == "ge"
        else:
            self.upper, self.upper_inclusive = value, side == "le"

    def side(self) -> str:
        """The side (ge, gt, le, lt) of its number that it allows; "" for both or neither."""
        if (self.lower is None) == (self.upper is None):
            return ""
        if self.upper is None:
            return "ge" if self.lower_inclusive else "gt"
        return "le" if self.upper_inclusive else "lt"

    def within(self, low: float, high: float) -> bool:
        """Whether its bounds lie between two numbers."""
        lower, upper = self.lower, self.upper
        return (lower is None or low <= lower <= high) and (upper is None or low <= upper <= high)

    def latest(self) -> float:
        """The greatest of its bounds."""
        lower, upper = self.lower, self.upper
        if lower is None or upper is None:
            return (upper if lower is None else lower) or 0.0
        return max(lower, upper)

    def turn(self) -> None:
        """Make the lower bound the upper one and the other way round."""
        self.lower, self.lower_inclusive, self.upper, self.upper_inclusive = (
            self.upper, self.upper_inclusive, self.lower, self.lower_inclusive
        )  # fmt: skip

    def between(self, lower: float, upper: float) -> None:
        """Set both bounds, themselves allowed."""
        self.lower, self.lower_inclusive, self.upper, self.upper_inclusive = lower, True, upper, True
