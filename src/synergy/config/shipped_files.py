"""Where the documents that come with the package are, by name."""

from pathlib import Path

#: protocols of evaluation, such as `vlaa`
PROTOCOLS = {path.stem: path for path in sorted(Path(__file__).with_name("protocols").glob("*.yaml"))}
