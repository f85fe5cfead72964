"""Archives that are written for a test."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

Content = str | bytes


def zipped(path: Path, files: Mapping[str, Content], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip with these files, and return its path; a name that ends with a slash is that of a folder."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def flagged(path: Path, place: int, value: int) -> Path:
    """Set a byte in the directory of a zip, in the part about each file: 8 holds flags, 10 the method."""
    data = bytearray(path.read_bytes())
    found = data.find(b"PK\x01\x02")
    while found >= 0:
        data[found + place] = value
        found = data.find(b"PK\x01\x02", found + 1)
    path.write_bytes(data)
    return path


def tarred(path: Path, files: Mapping[str, Content], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> Path:
    """Write a tar with these files, and return its path."""
    with tarfile.open(path, mode, format=form) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path
