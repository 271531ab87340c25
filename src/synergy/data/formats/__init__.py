"""Other people's formats of training data: how a row of theirs becomes ours and ours theirs, a file a format."""
