"""Studies: arms × seeds × axes as one graph of steps, run once each, resumable, with a ledger."""
