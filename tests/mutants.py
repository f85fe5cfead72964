"""Mutation testing, sampled: breaks a module in many small ways, and counts how many of them its tests notice.

    pip install cosmic-ray
    python tests/mutants.py src/clf/scoring/gate.py --sample 60

Cosmic Ray makes the mutants (`<` becomes `<=`, `1` becomes `2`, `and` becomes `or`, a loop runs zero times). Each is
tested in a copy of the repository with the module's own test file, or with those of `--tests`, so the working tree is
never touched. A surviving mutant is printed as a diff: add a test that kills it, or understand why it is equivalent.
"""

import argparse
import difflib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parent.parent
SECONDS = 240
"""A mutant whose tests take longer than this loops forever, and is killed."""
ANNOTATION = re.compile(r"\| None|-> |:[^=]*\w \| \w")
"""A line whose `|` belongs to a type: such a mutant fails at import, which proves nothing."""


def mutants(module: Path, sample: int, seed: int) -> list[tuple[str, str]]:
    """Return the operator and the source of up to `sample` mutants, spread evenly over the places that can change."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    source, tree = module.read_text(encoding="utf-8"), get_ast_from_path(module)
    lines = source.splitlines()
    places: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for name in sorted(operator_names()):
        if get_operator(name).arguments():
            continue
        operator = get_operator(name)()
        positions = (start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node))
        for occurrence, (line, column) in enumerate(positions):
            if not ("BitOr" in name and ANNOTATION.search(lines[line - 1])):
                places.setdefault((line, column), []).append((name, occurrence))
    chance = random.Random(seed)
    order = [(chance.random(), each) for found in places.values() for each in chance.sample(found, min(3, len(found)))]
    chosen = [each for _, each in sorted(order)[:sample]]
    made = []
    for name, occurrence in chosen:
        with suppress(AttributeError):  # Cosmic Ray cannot change `except (a.B, c.D)`
            made.append((name, mutate_code(source, get_operator(name)(), occurrence)))
    return made


def copies(number: int, folder: Path) -> Iterator[Path]:
    """Copy what the tests need, once for each process."""
    for copy in range(number):
        target = folder / str(copy)
        for part in ("src", "tests", "docs", ".github"):
            shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("pyproject.toml", "README.md", "constraints.txt", "Makefile"):
            shutil.copy(ROOT / file, target / file)
        yield target


def is_killed(copy: Path, module: Path, source: str, tests: list[str]) -> bool:
    """Return whether a test fails when `module` reads like this."""
    (copy / module).write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main() -> None:
    """Test the mutants of one module and print those that survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module", type=Path)
    parser.add_argument("--tests", nargs="*", help="test files; default: the module's own")
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    module = chosen.module.resolve().relative_to(ROOT)
    inside = module.relative_to("src/clf")
    tests = chosen.tests or [str(Path("tests", inside.parent, f"test_{inside.name}"))]
    source = (ROOT / module).read_text(encoding="utf-8")
    made = mutants(ROOT / module, chosen.sample, chosen.seed)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        free: Queue[Path] = Queue()
        for copy in copies(chosen.processes, Path(folder)):
            free.put(copy)

        def judge(mutant: tuple[str, str]) -> bool:
            copy = free.get()
            try:
                return is_killed(copy, module, mutant[1], tests)
            finally:
                free.put(copy)

        if judge(("unchanged", source)):
            raise SystemExit(f"{' '.join(tests)}: the tests fail on the unchanged module")
        with ThreadPoolExecutor(chosen.processes) as pool:
            killed = list(pool.map(judge, made))
    for (name, text), dead in zip(made, killed, strict=True):
        if not dead:
            diff = difflib.unified_diff(source.splitlines(), text.splitlines(), str(module), name, n=1, lineterm="")
            print("\n".join(diff), end="\n\n")
    print(f"{module}: {len(made)} mutants, {sum(killed)} killed, {len(made) - sum(killed)} survive")


if __name__ == "__main__":
    main()
