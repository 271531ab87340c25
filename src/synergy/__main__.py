"""`python -m synergy`, which is how torchrun starts it."""

import os
import sys

from synergy.cli import main, run

if int(os.environ.get("WORLD_SIZE", "1")) > 1:
    status = run(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # gloo threads now and then abort a process that unloads torch in the ordinary way; torchrun then kills the others
    os._exit(status)
main()
