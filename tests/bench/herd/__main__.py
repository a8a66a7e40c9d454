"""A herd under cached answers, scored: ``python -m tests.bench.herd --help``."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

from tests.bench.herd.choosers import CHOOSERS
from tests.bench.herd.scenario import Scenario, read
from tests.bench.herd.simulation import Simulation

SHIPPED = Path(__file__).parent / "scenarios"
COLUMNS = ("p50", "p99", "queued_pct", "rejected_pct", "error_pct", "shed_pct", "moved_pct", "peak", "asks_peak")

Figures = Mapping[str, float]


def main() -> None:
    """Run what is asked for and print it."""
    asked = _parser().parse_args()
    try:
        scenarios = [read(path) for path in asked.scenario or sorted(SHIPPED.glob("*.yaml"))]
    except (OSError, ValueError) as exc:
        sys.exit(f"bench-herd: {exc}")
    told = compare(scenarios, range(asked.seed, asked.seed + asked.seeds))
    print(json.dumps(told) if asked.json else table(told))


def compare(scenarios: Sequence[Scenario], seeds: range) -> dict[str, dict[str, Figures]]:
    """By scenario and method: the median of every figure over *seeds*."""
    runs = [(scenario, method, seed) for scenario in scenarios for method in CHOOSERS for seed in seeds]
    with ProcessPoolExecutor() as pool:
        figures = dict(zip(runs, pool.map(run, runs), strict=True))
    return {
        scenario.name: {method: medians([figures[scenario, method, seed] for seed in seeds]) for method in CHOOSERS}
        for scenario in scenarios
    }


def run(asked: tuple[Scenario, str, int]) -> Figures:
    """One run."""
    return Simulation(*asked).run().told(asked[0])


def medians(runs: Sequence[Figures]) -> Figures:
    """Of each figure."""
    return {name: round(median(each[name] for each in runs), 3) for name in runs[0]}


def table(told: Mapping[str, Mapping[str, Figures]]) -> str:
    """A line for each scenario and method; what only some scenarios have stands at its end."""
    lines = [f"{'scenario':16} {'method':12}" + "".join(f"{name:>13}" for name in COLUMNS)]
    for scenario, methods in told.items():
        for method, figures in methods.items():
            usual = "".join(f"{figures[name]:13g}" for name in COLUMNS)
            others = ", ".join(f"{name} {each:g}" for name, each in figures.items() if name not in (*COLUMNS, "mean"))
            lines.append(f"{scenario:16} {method:12}{usual}  {others}".rstrip())
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.herd", description=__doc__)
    parser.add_argument("--scenario", type=Path, action="append", help="a scenario's file; may be given again")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="runs, of which the median is told")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    main()
