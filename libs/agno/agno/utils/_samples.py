"""Sample documents, made without any library."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

_TRADES = ("baker", "bridge engineer", "nurse", "data analyst", "gardener")
_PLACES = ("Oslo", "Porto", "Lima", "Kyoto", "Accra")
Facts = dict[str, str]


def people(count: int) -> Iterator[Facts]:
    """Facts of so many applicants, who do not exist."""
    for n in range(count):
        yield {
            "Applicant": f"Applicant {n + 1}",
            "Profession": _TRADES[n % len(_TRADES)],
            "Place": _PLACES[n % len(_PLACES)],
            "Experience": f"{3 + 2 * n} years as a {_TRADES[n % len(_TRADES)]}",
            "Available from": f"{2024 + n % 3}",
        }


def _lines(facts: Facts) -> list[str]:
    return [f"{key}: {value}" for key, value in facts.items()]


def as_text(facts: Facts) -> bytes:
    return "\n".join(_lines(facts)).encode()


def as_csv(facts: Facts) -> bytes:
    return f"{','.join(facts)}\n{','.join(facts.values())}\n".encode()


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCX = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/'
    'vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Target="word/document.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>',
}


def as_docx(facts: Facts) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in _lines(facts))
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**_DOCX, "word/document.xml": document}.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return made.getvalue()


def as_pdf(facts: Facts) -> bytes:
    shown = " T* ".join(f"({line}) Tj" for line in _lines(facts))
    text = f"BT /F1 12 Tf 14 TL 72 760 Td {shown} ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size, start = len(objects) + 1, len(made)
    made += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    return f"{made}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


__all__ = ["as_csv", "as_docx", "as_pdf", "as_text", "people"]
