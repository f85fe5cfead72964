"""The structure of src/clf in figures, from its syntax alone: `python tests/architecture.py [FOLDER]` prints them.

A module is a file. An import counts wherever it stands, but for those that only type checkers read. Floors are the
longest chain of imports between modules: of those at the top of modules, and of those inside functions too.
"""

import ast
import statistics
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "clf"
BARE = ("dict[str, Any]", "Mapping[str, Any]", "Mapping[str, object]", "dict[str, object]")
"""Types that do not say what a value holds."""
LAYERS = (
    "errors settings_types safety", "settings", "settings_file", "settings_sources outcomes progress processes", "scoring", "storage", "hub", "data", "models",
    "training", "measuring", "reports", "predictor", "serving", "prepare train evaluate compare predict serve export demo download doctor",
    "cli",
)  # fmt: skip
"""The floors of the house, from the ground up: a part imports those below, and what stands beside it on its own."""
STAGES = set(LAYERS[-2].split())
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts.split()}
Function = ast.FunctionDef | ast.AsyncFunctionDef


class House:
    """The modules of a package with their imports and functions."""

    def __init__(self, source: Path = SOURCE, *, inside_functions: bool = True) -> None:
        self.source, self.inside_functions = source, inside_functions
        self.trees = {self._name(path): ast.parse(path.read_text(encoding="utf-8")) for path in source.rglob("*.py")}
        self.lines = {self._name(path): path.read_text(encoding="utf-8").count("\n") for path in source.rglob("*.py")}

    def _name(self, path: Path) -> str:
        parts = path.relative_to(self.source.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """The modules that each module imports."""
        return {name: set(self._imported(name, tree)) - {name} for name, tree in self.trees.items()}

    def _imported(self, name: str, tree: ast.Module) -> Iterator[str]:
        for node in _walk_but_types(tree) if self.inside_functions else tree.body:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name in self.trees)
            elif isinstance(node, ast.ImportFrom) and node.module in self.trees:
                whole = [f"{node.module}.{alias.name}" for alias in node.names]
                yield from (module for module in whole if module in self.trees)
                if any(module not in self.trees for module in whole) and node.module != self.source.name:
                    yield str(node.module)

    @cached_property
    def circles(self) -> list[set[str]]:
        """The groups of modules that import one another."""
        return [circle for circle in self._components() if len(circle) > 1]

    def _components(self) -> list[set[str]]:
        reach = {name: self._reachable(name) for name in self.trees}
        found: list[set[str]] = []
        for name in self.trees:
            if not any(name in component for component in found):
                found.append({name} | {other for other in reach[name] if name in reach[other]})
        return found

    def _reachable(self, name: str) -> set[str]:
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            for other in self.imports[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
        return seen

    @cached_property
    def longest_chain(self) -> list[str]:
        """The longest chain of imports, from the top down."""
        components = self._components()
        of = {name: number for number, component in enumerate(components) for name in component}
        best: dict[int, list[str]] = {}

        def chain(number: int) -> list[str]:
            if number not in best:
                below = {of[other] for name in components[number] for other in self.imports[name]} - {number}
                best[number] = [min(components[number]), *max(map(chain, sorted(below)), key=len, default=[])]
            return best[number]

        return max((chain(number) for number in range(len(components))), key=len)

    @cached_property
    def arrows_up(self) -> list[str]:
        """The imports of a part that stands higher."""
        return [
            f"{name} -> {other}"
            for name, others in sorted(self.imports.items())
            for other in sorted(others)
            if part_of(name) not in {"", "__main__"} and LEVEL.get(part_of(other), -1) > LEVEL.get(part_of(name), 99)
        ]

    @cached_property
    def functions(self) -> dict[str, Function]:
        """Every function by its module and name."""
        return {
            f"{module}:{node.lineno} {node.name}": node
            for module, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, Function)
        }

    @cached_property
    def bare(self) -> list[str]:
        """The functions that return or take what does not say what it holds."""
        return [
            f"{name}: {kind}"
            for name, node in self.functions.items()
            for kind in _annotations(node)
            if any(bare in kind for bare in BARE)
        ]

    @cached_property
    def returning_bare(self) -> list[str]:
        """The functions that return what does not say what it holds."""
        return [
            name
            for name, node in self.functions.items()
            if node.returns and any(bare in ast.unparse(node.returns) for bare in BARE)
        ]

    @cached_property
    def taking_all_settings(self) -> list[str]:
        """The functions below the stages that take all settings."""
        outside = STAGES | {"cli", "settings_sources", "layers", "settings", ""}
        return [
            name
            for name, node in self.functions.items()
            if part_of(name.partition(":")[0]) not in outside
            and any("Settings" in _words(argument.annotation) for argument in _arguments(node))
        ]


def part_of(module: str) -> str:
    """Return the part of the house that a module belongs to: its package, or itself at the top."""
    return [*module.split("."), ""][1]


def _walk_but_types(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, past what stands under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from _walk_but_types(node)


def _arguments(node: Function) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _annotations(node: Function) -> list[str]:
    kinds = [argument.annotation for argument in _arguments(node)] + [node.returns]
    return [ast.unparse(kind) for kind in kinds if kind is not None]


def _words(annotation: ast.expr | None) -> set[str]:
    if annotation is None:
        return set()
    return set("".join(letter if letter.isidentifier() else " " for letter in ast.unparse(annotation)).split())


def figures(house: House) -> dict[str, object]:
    """Return the figures that are compared from version to version."""
    lengths = sorted((node.end_lineno or 0) - node.lineno + 1 for node in house.functions.values())
    return {
        "files": len(house.trees),
        "lines": sum(house.lines.values()),
        "longest file, lines": max(house.lines.values()),
        "functions": len(lengths),
        "median function, lines": statistics.median(lengths),
        "90th percentile": lengths[round(0.9 * (len(lengths) - 1))],
        "longest function": lengths[-1],
        "functions over 40 lines": sum(length > 40 for length in lengths),
        "functions that return a bare dict": len(house.returning_bare),
        "functions that take or return one": len({line.rpartition(": ")[0] for line in house.bare}),
        "circles of modules": len(house.circles),
        "arrows that run up": len(house.arrows_up),
        "floors (imports at the top of modules)": len(House(house.source, inside_functions=False).longest_chain),
        "floors (those inside functions too)": len(house.longest_chain),
        "functions below the stages that take all settings": len(house.taking_all_settings),
    }


def main() -> None:
    """Print the figures, and behind them with `--all` what they count."""
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    house = House(folders[0] if folders else SOURCE)
    for name, value in figures(house).items():
        print(f"{name:55} {value}")
    if "--all" in sys.argv:
        print("chain:", " -> ".join(house.longest_chain))
        for title in ("circles", "arrows_up", "bare", "taking_all_settings"):
            print(f"\n{title}:", *getattr(house, title), sep="\n  ")


if __name__ == "__main__":
    main()
