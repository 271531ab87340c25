"""What accuracy does when thinking is cut short, or made to go on: budget forcing (2501.19393)."""
