"""Site room: how a prepared page becomes an answer. Called by every view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datasette.utils.asgi import Request, Response

from normalize.text import fold

if TYPE_CHECKING:
    from datasette.app import Datasette


async def page(
    datasette: Datasette, request: Request, template: str, context: dict[str, Any], status: int = 200
) -> Response:
    """A template of this room, filled."""
    html = await datasette.render_template(template, context, request=request, view_name=template.removesuffix(".html"))
    return Response.html(html, status=status)


async def message(datasette: Datasette, request: Request, title: str, text: str, status: int) -> Response:
    """A page that only says something: what is not here, and what to do."""
    return await page(datasette, request, "message.html", {"title": title, "text": text}, status)


def trial_path(trial_id: str, suffix: str = "") -> str:
    """`/trial/CTRI%2F2020%2F04%2F024567`: some registries have slashes in their numbers. Without the site's base_url."""
    return f"/trial/{quote(trial_id, safe=':')}{suffix}"


#: Kinds of things that have a page of their own beside trials.
ENTITIES = ("sponsor", "condition", "intervention", "country")
#: Longer names of conditions and interventions are sentences, which no other trial shares.
_LONGEST_NAME = 80


def entity_path(kind: str, key: str | None) -> str | None:
    """`/sponsor/nordvik-pharma`, `/country/FR`: the page of a sponsor_id or a country code; None for none."""
    return f"/{kind}/{quote(key, safe='')}" if key else None


def name_path(kind: str, name: str) -> str | None:
    """`/condition/pregnancy-loss`: the page of a condition or an intervention; None for a sentence, or what holds no letter."""
    folded = fold(name)
    return entity_path(kind, folded.replace(" ", "-")) if len(folded) <= _LONGEST_NAME else None
