"""A study's folder as one HTML page that needs nothing else. Knows nothing about how the numbers came about.

`write_report` in `page` is the way in. Text of models and of data is never markup: HTML is put together by markupsafe,
which escapes whatever is not `Markup` already, and the page's own policy forbids any script but its own.
"""
