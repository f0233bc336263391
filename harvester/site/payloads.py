"""Site room: `/payload/<sha256>`: a version of an entry exactly as its source sent it, from the archive beside the catalogue.

Only where the catalogue was made with `publish_contacts = true`, for what registries send holds e-mail addresses and telephone
numbers. Everywhere else the page says how the operator gives it out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datasette.utils.asgi import Request, Response

from harvester.archive import DAMAGED, Archive
from harvester.site import queries
from harvester.site.database import catalogue_of, in_thread, read
from harvester.site.downloads import headers_for
from harvester.site.pages import message
from harvester.unusable import Unusable

if TYPE_CHECKING:
    from datasette.app import Datasette


async def payload(datasette: Datasette, request: Request) -> Response:
    """The bytes of one version; 404 for what is no version of an entry here, 403 where payloads are not published."""
    sha256 = request.url_vars["sha256"]
    record_id, is_open = await read(
        datasette, lambda db: (queries.record_of_payload(db, sha256), queries.has_contacts(db))
    )
    if record_id is None:
        return await message(datasette, request, "No such payload", f"No entry here has a version {sha256}.", 404)
    if not is_open:
        text = (
            f"This version of {record_id} is kept as it was sent. It may hold e-mail addresses and telephone numbers, which"
            f" this site does not publish. Its operator can give it out: harvester archive show {sha256}"
        )
        return await message(datasette, request, "Given out on request", text, 403)
    archive = Path(catalogue_of(datasette).path).with_name("archive.db")
    if not archive.exists():
        text = f"The archive that holds this version of {record_id} does not lie beside the catalogue."
        return await message(datasette, request, "The archive is elsewhere", text, 404)
    try:
        body = await in_thread(datasette, lambda: _body(archive, sha256))
    except KeyError:
        text = f"The archive no longer holds this version of {record_id}: its operator lets old ones go."
        return await message(datasette, request, "No longer kept", text, 404)
    except (Unusable, *DAMAGED):
        text = (
            f"The archive cannot give out this version of {record_id}: it is damaged or in use. Its operator can see what"
            " is wrong: harvester archive verify"
        )
        return await message(datasette, request, "This version cannot be read", text, 500)
    return Response(body, headers=headers_for(f"{record_id}-{sha256[:8]}"), content_type="application/octet-stream")


def _body(path: Path, sha256: str) -> bytes:
    with Archive.read(path) as archive:
        return archive.body(sha256)
