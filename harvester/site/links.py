"""Site room: addresses. What registries wrote becomes a link only when it is http or https; ids become pages of their registries.

Called by every module that prepares a page; the only place where an outside address is made.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

_ICTRP = "https://trialsearch.who.int/Trial2.aspx?TrialID="
#: Registry -> page of one of its numbers. Others are shown by WHO ICTRP, under the number with a prefix for some.
_PAGES = {
    "ClinicalTrials.gov": "https://clinicaltrials.gov/study/{}",
    "EUCTR": "https://www.clinicaltrialsregister.eu/ctr-search/search?query=eudract_number:{}",
    "CTIS": "https://euclinicaltrials.eu/ctis-public/view/{}",
    "ISRCTN": "https://www.isrctn.com/{}",
    "DRKS": "https://drks.de/search/en/trial/{}",
}
_JAPANESE = ("JapicCTI", "JMACCT", "jRCT", "UMIN")
_PORTAL_ONLY = (
    "ANZCTR", "ChiCTR", "CRiS", "CTRI", "IRCT", "ITMCTR", "LBCTR", "NTR", "NL-OMON", "PACTR", "ReBec", "REPEC",
    "RPCEC", "SLCTR", "TCTR",
)  # fmt: skip


def safe(url: str | None) -> str | None:
    """The address when it is a whole http or https one, else None: `javascript:` and the like stay text."""
    if not url or re.search(r"[\s\x00-\x1f\x7f]", url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:  # "http://[" is no address
        return None
    return url if parts.scheme.lower() in ("http", "https") and parts.netloc else None


def registry_page(registry: str | None, normalized: str) -> str | None:
    """The page of a registry's number, at the registry itself where its form is known, else at WHO ICTRP."""
    if registry in _PAGES:
        return _PAGES[registry].format(quote(normalized, safe=""))
    if registry in _JAPANESE:
        return f"{_ICTRP}JPRN-{quote(normalized, safe='')}"
    return f"{_ICTRP}{quote(normalized, safe='')}" if registry in _PORTAL_ONLY else None


def mesh(code: str) -> str | None:
    """The page of `MeSH D000026` in the MeSH browser; None for another code, MedDRA's among them, which has no public one."""
    kind, _, descriptor = code.partition(" ")
    return f"https://meshb.nlm.nih.gov/record/ui?ui={quote(descriptor, safe='')}" if kind == "MeSH" else None


def pubmed(pmid: str | None) -> str | None:
    """The PubMed page of a number made of digits."""
    return f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid and pmid.isascii() and pmid.isdigit() else None


def doi(text: str | None) -> str | None:
    """The resolver's page of a DOI."""
    return f"https://doi.org/{quote(text, safe='/:;().-_')}" if text and text.startswith("10.") else None
