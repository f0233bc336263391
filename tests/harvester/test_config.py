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
        ('kontact = "x"', "unknown field `kontact`"),
        ("[registries.ctgov]\ndelay = 'slow'", "registries"),
        ("[registries.nowhere]\ndelay = 1.0", "no registry 'nowhere'"),
        ("contact = ", "harvester.toml"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(written(tmp_path, text))
