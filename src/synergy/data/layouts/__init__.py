"""Other people's tables: how a row of theirs becomes a row in our columns, a file a data set."""
