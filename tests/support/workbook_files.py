"""Workbooks as spreadsheet programs write them, made by hand so that no library is needed."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HIDDEN = ' state="hidden"'
Cell = str | int | float | bool | None
Rows = Sequence[Sequence[Cell]]


def column(place: int) -> str:
    return (column(place // 26 - 1) if place > 25 else "") + chr(65 + place % 26)


def cell(value: Cell, name: str) -> str:
    """Return the XML of a cell; a text such as `=A1` is a formula without a result, `=A1=3` one with the result 3."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{name}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{name}"><v>{value}</v></c>'
    if value.startswith("="):
        formula, _, result = value[1:].partition("=")
        return f'<c r="{name}"><f>{formula}</f><v>{result}</v></c>'
    if value.startswith("date:"):
        return f'<c r="{name}" s="1"><v>{value.removeprefix("date:")}</v></c>'
    return f'<c r="{name}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def sheet(rows: Rows, merged: Sequence[str] = ()) -> str:
    lines = [
        f'<row r="{number}">{"".join(cell(value, f"{column(place)}{number}") for place, value in enumerate(row))}</row>'
        for number, row in enumerate(rows, 1)
    ]
    ranges = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    tail = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData>{tail}</worksheet>'


def write_xlsx(path: Path, sheets: dict[str, str | Rows], hidden: Sequence[str] = ()) -> Path:
    """Write a workbook; a sheet is its rows, or its XML."""
    names = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"{HIDDEN * (name in hidden)}/>'
        for number, name in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    dates = '<xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>'
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs count="2">{dates}</cellXfs></styleSheet>'
    book = f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"/>')
        file.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{book}</Relationships>')
        file.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'
        )
        style = f'<Relationship Id="rIdS" Type="{OFFICE}/styles" Target="styles.xml"/>'
        file.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">{links}{style}</Relationships>',
        )
        file.writestr("xl/styles.xml", styles)
        for number, content in enumerate(sheets.values(), 1):
            file.writestr(f"xl/worksheets/sheet{number}.xml", content if isinstance(content, str) else sheet(content))
    return path


def write_ods(path: Path, name: str, rows: Rows) -> Path:
    table = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="float" office:value="{value}"/>'
            if isinstance(value, (int, float))
            else f'<table:table-cell office:value-type="string"><text:p>{escape(str(value))}</text:p></table:table-cell>'
            for value in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = " ".join(
        f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in ("office", "table", "text")
    )
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="{name}">{table}{empty}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
        file.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return path


def encrypted() -> bytes:
    """Return the container of a workbook with a password: a compound file with the stream EncryptedPackage."""
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    numbers = lambda *values: b"".join(value.to_bytes(4, "little") for value in values)  # noqa: E731
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + bytes.fromhex("3e000300feff09000600") + bytes(6)
    header += numbers(0, 1, 1, 0, 4096, end, 0, end, 0, 0, *[free] * 108)

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        coded = name.encode("utf-16-le")
        return (
            coded.ljust(64, b"\0") + (len(coded) + 2).to_bytes(2, "little") + bytes([kind, 1])
            + numbers(free, free, child) + bytes(16) + numbers(0) + bytes(16) + numbers(start, size, 0)
        )  # fmt: skip

    directory = entry("Root Entry", 5, 1, end, 0) + entry("EncryptedPackage", 2, free, 2, 4096)
    directory += (bytes(68) + numbers(free, free, free) + bytes(48)) * 2
    chain = numbers(table, end, *range(3, 10), end).ljust(512, b"\xff")
    return header + chain + directory + bytes(8 * 512)
