"""Every spider has the same shape: file name = spider name = class name, four headings, its registry's address."""

from __future__ import annotations

import importlib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from harvester.registries import REGISTRIES
from spiders.base import RegistrySpider

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(REGISTRIES)
HEADINGS = ["Source data model", "Primary identifiers", "Update strategy", "Licence terms"]


def spider_of(name: str) -> type[RegistrySpider]:
    found = getattr(importlib.import_module(f"spiders.{name}"), f"{name.capitalize()}Spider")
    assert issubclass(found, RegistrySpider)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_file_class_and_spider_have_one_name(name: str) -> None:
    assert spider_of(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_a_spider_opens_with_the_four_headings(name: str) -> None:
    lines = (importlib.import_module(f"spiders.{name}").__doc__ or "").splitlines()
    underlined = [line for line, under in pairwise(lines) if under and set(under) == {"-"}]
    assert underlined == HEADINGS
    assert lines[0] == HEADINGS[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_spider_says_all_its_ways(name: str) -> None:
    spider = spider_of(name)
    for way in ("by_query", "by_ids", "by_date", "everything", "examine"):
        assert getattr(spider, way) is not getattr(RegistrySpider, way), f"{name} has no {way}"


@pytest.mark.parametrize("name", NAMES)
def test_a_spider_knows_the_address_of_its_registry(name: str) -> None:
    assert spider_of(name).live_url == REGISTRIES[name].base_url


def test_scrapy_lists_the_spiders() -> None:
    settings = Settings()
    settings.setmodule("harvester.settings")
    assert sorted(SpiderLoader.from_settings(settings).list()) == NAMES
    listed = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == NAMES
