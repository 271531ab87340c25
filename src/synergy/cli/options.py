"""Options that several verbs share, so that they are spelt and explained once."""

import click

set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Override one value of the config, such as --set model.num_layers=4; may be repeated.",
)

layout_option = click.option(
    "--layout", metavar="NAME", help="Whose columns a table has, such as puzzlevqa; ours if left out."
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts instead of a table.")
