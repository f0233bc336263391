"""harvester.toml: every key optional, every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvester.config import Config, ConfigError, load


def written(folder: Path, text: str) -> Path:
    path = folder / "harvester.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_everything_has_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(None) == Config()
    assert Config().registry("ctgov").obey_robots is True


def test_a_link_that_leads_nowhere_is_no_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harvester.toml").symlink_to("share/harvester.toml")
    with pytest.raises(ConfigError, match=r"harvester.toml cannot be read: No such file"):
        load(None)


def test_a_file_is_read(tmp_path: Path) -> None:
    config = load(
        written(
            tmp_path,
            'contact = "ann@example.org"\n[[topics]]\nname = "loss"\nquery = "recurrent miscarriage"\n'
            '[topics.overrides]\neuctr = "miscarriage"\n[registries.ictrp]\nobey_robots = false\ninbox = "inbox"\n',
        )
    )
    assert config.contact == "ann@example.org"
    assert config.topics[0].overrides == {"euctr": "miscarriage"}
    assert config.registry("ictrp").obey_robots is False


def test_what_it_names_is_looked_for_beside_it_wherever_the_command_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    lines = 'links = "mine/links.csv"\nsponsors = "/srv/sponsors.csv"\n[registries.ictrp]\ninbox = "inbox"\n'
    config = load(written(tmp_path, lines))
    assert config.links == str(tmp_path / "mine" / "links.csv")
    assert config.sponsors == "/srv/sponsors.csv"
    assert config.registry("ictrp").inbox == str(tmp_path / "inbox")
    assert config.registry("ctgov").inbox is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kontact = "x"', "no key `kontact`; is `contact` meant"),
        ("[registry.ctgov]\ndelay = 1", "no key `registry`; is `registries` meant"),
        ("[registries.ctgov]\ndelay = 'slow'", r"expected a number, got text in quotes \(registries.\*.delay\)"),
        ("[registries.ctgov]\ndelay = -1", r"expected a number >= 0.0 \(registries.\*.delay\)"),
        ("[registries.ctgov]\npage_size = 0", "expected a whole number >= 1"),
        ("[registries.ctgov]\nbase_url = 'clinicaltrials.gov'", "base_url of ctgov must begin with https://"),
        ("[gates]\ncount_fall = 10", r"expected a number <= 1.0 \(gates.count_fall\)"),
        ("[topics]\nname = 'a'", r"expected a list, got a table \(topics\)"),
        ("[[topics]]\nname = 'a'", r"the key `query` is missing \(topics\[0\]\)"),
        ("[[topics]]\nname = 'a'\nquery = ' '", "topic 'a' has a query without a word"),
        ("[[topics]]\nname = 'a'\nquery = 'b'\n" * 2, "two topics are called 'a'"),
        ("[registries.nowhere]\ndelay = 1.0", "no registry 'nowhere'"),
        ("contact = ", "harvester.toml"),
        (
            "[registries.ictrp]\nids = ['x']\ncontact = 'me@x.org'",
            r"`contact` stands in the wrong place \(registries.\*\): it belongs at the top",
        ),
        ("delay = 2", r"`delay` stands in the wrong place: it belongs below a \[registries.NAME\]"),
        ("[site]\ncount_fall = 0.2", r"`count_fall` stands in the wrong place \(site\): it belongs below \[gates\]"),
        ("full_sweep_days = inf", r"expected a number <= 100000.0 \(full_sweep_days\)"),
        ("overlap_days = 1000000000", "expected a whole number <= 100000"),
        ("[retention]\nhistory_days = 1e18", "expected a number <= 100000.0"),
        ("recheck_records = 99999999999999999999", "expected a whole number <= 1000000000"),
        ("[registries.ctgov]\ndelay = 1e9", "expected a number <= 86400.0"),
        ("[site]\nsql_seconds = inf", "expected a number <= 86400.0"),
        ("a = " + "[" * 5000, "recursion"),
        ("links = ''", "links is empty: name a file"),
        ("[registries.ictrp]\neverything = true", "everything of ictrp cannot be asked for: WHO ICTRP has no search"),
        (
            "[[topics]]\nname = 'a'\nquery = 'b'\noverrides = { ictrp = 'c' }",
            "the topic 'a' has words for ictrp: WHO ICTRP has no",
        ),
        ("sponsors = ' '", "sponsors is empty: name a file"),
        ("[registries.ictrp]\ninbox = ''", "inbox of ictrp is empty: name a folder"),
        ("[registries.ictrp]\nids = ['NCT00000001', ' ']", "ids of ictrp holds a number without"),
        *(
            (f"[registries.ctgov]\nbase_url = '{address}'", "base_url of ctgov must begin with https://")
            for address in (
                "https://",
                "http://[::1",
                "http://exa mple/",
                "http://127.0.0.1:99999/x",
                "http://127.0.0.1:0/x",
                "http://me:secret@x.org",
                "http://x.org/api?a=b",
                "http://x.org/#api",
            )
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(written(tmp_path, text))


def test_a_mark_of_the_encoding_is_read_over_and_another_encoding_is_named(tmp_path: Path) -> None:
    assert load(written(tmp_path, "\ufeffcontact = 'me@x.org'")).contact == "me@x.org"
    (tmp_path / "harvester.toml").write_bytes("contact = 'me@x.org'".encode("utf-16"))
    with pytest.raises(ConfigError, match=r"is not written in UTF-8 .*: save it as UTF-8"):
        load(tmp_path / "harvester.toml")
