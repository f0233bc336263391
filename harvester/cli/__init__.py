"""The command line: `harvester --help` is the manual.

Data go to stdout, progress and messages to stderr. Exit codes: 0 done and complete, 1 something failed or is incomplete
(the message says which registry, why, and what to do), 2 wrong usage.
"""

from __future__ import annotations

import click

from harvester import __version__
from harvester.cli.common import Commands
from harvester.cli.harvesting import build_command, check_command, demo_command, import_command, refresh_command
from harvester.cli.operating import archive_group, serve_command, status_command
from harvester.cli.reading import changes_command, compare_command, export_command, related_command, snapshot_command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """One catalogue of clinical trials from many registries.

    Fetched politely, kept whole, normalized into one schema, linked, and published with Datasette.

    Start with `harvester demo`. For real registries write a harvester.toml, see what they say to `harvester check`,
    then `harvester refresh` and `harvester serve`.
    """


for command in (
    demo_command, refresh_command, check_command, import_command, build_command, serve_command,
    compare_command, related_command, export_command, snapshot_command, archive_group, changes_command, status_command,
):  # fmt: skip
    main.add_command(command)
