"""All layouts by name: what a data section can read, of data sets and of other frameworks' formats."""

from collections.abc import Mapping
from typing import get_args

from synergy.config.data import LayoutName
from synergy.data.formats.registry import FORMATS
from synergy.data.layouts.layout import Layout
from synergy.data.layouts.synergy import SYNERGY

#: ours is read as it is, further columns and all
LAYOUTS: Mapping[LayoutName, Layout] = {
    name: SYNERGY if name == "synergy" else FORMATS[name].layout for name in get_args(LayoutName)
}
