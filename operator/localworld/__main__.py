"""`python -m contractops.operator.localworld`: run the local world by itself."""

import argparse
import os
import sys
from pathlib import Path

from contractops.operator.localworld.app import run
from contractops.operator.localworld.guard import real_credentials


def main() -> int:
    """Parse the arguments, refuse beside real credentials (exit 2), serve until stopped (exit 0)."""
    parser = argparse.ArgumentParser(prog="python -m contractops.operator.localworld", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, default=0, help="port on 127.0.0.1 that takes mail; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="folder of the state file world.db")
    parser.add_argument("--operator-url", default="", help="where the operator answers agenda and ticks")
    parser.add_argument("--model", default="", help="name of a real model; allows OPENAI_API_KEY to be set")
    options = parser.parse_args()
    real = real_credentials(os.environ, model_given=bool(options.model))
    if real:
        sys.stderr.write(f"The local world does not start beside real credentials: unset {', '.join(real)}.\n")
        return 2
    run(options.port, options.state, options.operator_url, options.smtp_port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
