"""The `fastmode` command: demo, serve, doctor."""

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from . import __version__


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; returns the exit status."""
    parser = argparse.ArgumentParser(prog="fastmode", description="%%claude --fast in a notebook: tools around it.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="run one %%%%claude --fast cell in a real kernel, then open JupyterLab")
    demo.set_defaults(run=_demo)
    serve = commands.add_parser("serve", help="a simulated Claude API on this machine")
    _add_serve(serve)
    serve.set_defaults(run=_serve)
    doctor = commands.add_parser("doctor", help="check credential, address, SDK and model with one free request")
    doctor.set_defaults(run=_doctor)
    chosen = parser.parse_args(arguments)
    status: int = chosen.run(chosen)
    return status


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8765, help="port, 0 for a free one (default: 8765)")
    parser.add_argument("--fast-rate", type=float, default=200.0, help="tokens a second at fast speed, 0 for unlimited")
    parser.add_argument("--standard-rate", type=float, default=80.0, help="tokens a second at standard speed")
    parser.add_argument("--first-byte", type=float, default=0.15, help="seconds before the first byte of an answer")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same answers")
    parser.add_argument("--today", type=date.fromisoformat, help="the day whose models are served, as 2026-11-22")
    parser.add_argument("--scenario", default="ok", help="what every answer meets; `list` names them")
    parser.add_argument("--script", type=Path, help="a JSON file: a list of scenarios, one for each next request")


def _demo(_: argparse.Namespace) -> int:
    from .demo import run

    return run()


def _serve(chosen: argparse.Namespace) -> int:
    import json

    from .simulator import SCENARIOS, Scenario, Simulator

    if chosen.scenario == "list":
        print("\n".join(SCENARIOS))
        return 0
    if chosen.scenario not in SCENARIOS:
        print(
            f"There is no scenario {chosen.scenario!r}; `fastmode serve --scenario list` names them.", file=sys.stderr
        )
        return 2
    simulator = Simulator(
        host=chosen.host,
        port=chosen.port,
        fast_rate=chosen.fast_rate,
        standard_rate=chosen.standard_rate,
        first_byte_s=chosen.first_byte,
        seed=chosen.seed,
        today=chosen.today,
        scenario=chosen.scenario,
    )
    try:
        steps = json.loads(chosen.script.read_text("utf-8")) if chosen.script else []
        simulator.script(*(Scenario.from_dict(step) if isinstance(step, dict) else step for step in steps))
        simulator.start()
    except (OSError, ValueError, LookupError) as error:
        print(f"The simulator cannot start: {error}", file=sys.stderr)
        return 2
    try:
        print(
            f"A simulated Claude API listens on {simulator.url} (no model is asked, nothing is billed). In a notebook:"
        )
        print(f"  %env ANTHROPIC_BASE_URL={simulator.url}\n  %env ANTHROPIC_API_KEY=practice", flush=True)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return 0
    finally:
        simulator.stop()


def _doctor(_: argparse.Namespace) -> int:
    from .current import current
    from .reports import session as reports

    print(reports.doctor(current(), "command line").replace("`", ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
