"""A sample server and what is asked of it, for the tests of what the sample registries answer and of their faults."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from urllib.parse import urlencode, urlsplit

from lxml import etree

from harvester.sample import SampleServer


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


STRAIGHT = urllib.request.build_opener(NoRedirect)


def get(address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (lower case) and body, redirects not followed."""
    request = urllib.request.Request(address, headers=headers)
    try:
        answer = STRAIGHT.open(request, timeout=10)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def page(server: SampleServer, **query: str) -> dict[str, object]:
    status, _, body = get(f"{server.base_url('ctgov')}/studies?{urlencode(query)}")
    assert status == 200, body
    answered: dict[str, object] = json.loads(body)
    return answered


def numbers(answered: dict[str, object]) -> list[str]:
    studies = answered["studies"]
    assert isinstance(studies, list)
    return [study["protocolSection"]["identificationModule"]["nctId"] for study in studies]


def walk(server: SampleServer, most: int = 50, **query: str) -> list[list[str]]:
    """The numbers of every page, following the tokens."""
    pages = []
    answered = page(server, **query)
    pages.append(numbers(answered))
    while "nextPageToken" in answered and len(pages) < most:
        answered = page(server, **query, pageToken=str(answered["nextPageToken"]))
        pages.append(numbers(answered))
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [number for page in pages for number in page]


# EU Clinical Trials Register -----------------------------------------------------------------------------------------
def euctr(server: SampleServer, route: str) -> str:
    status, _, body = get(f"{server.base_url('euctr')}/ctr-search/{route}")
    assert status == 200
    return body.decode()


# ISRCTN ---------------------------------------------------------------------------------------------------------------
def isrctn(server: SampleServer, **query: str) -> tuple[int, etree._Element]:
    """The number that a search announces, and its answer."""
    status, _, body = get(f"{server.base_url('isrctn')}/query/format/default?{urlencode(query)}")
    assert status == 200
    root = etree.fromstring(body)
    return int(root.get("totalCount") or -1), root


# robots.txt and the log -------------------------------------------------------------------------------------------------
def robots(server: SampleServer, registry: str) -> str:
    host = urlsplit(server.base_url(registry)).netloc
    return get(f"http://{host}/robots.txt")[2].decode()


# Faults -----------------------------------------------------------------------------------------------------------------
def study(server: SampleServer, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return get(f"{server.base_url('ctgov')}/studies/NCT05557201", **headers)
