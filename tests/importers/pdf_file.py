"""Writes small PDF files."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

_INFO = b"<< /Title (The lease) /Author (Ana Silva) /CreationDate (D:20240503101500+02'00') >>"


def pdf(pages: Sequence[Sequence[str] | bytes]) -> bytes:
    """A PDF of pages, each given by its lines of text or by its content as PDF operators."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        packed = zlib.compress(page if isinstance(page, bytes) else _operators(page))
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources "
            b"<< /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (5 + 2 * number),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed),
        ]
    objects.append(_INFO)
    out, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n"
    ) % (len(objects) + 1, table, len(objects) + 1, len(objects), len(out))


def _operators(lines: Sequence[str]) -> bytes:
    shown = []
    for line in lines:
        raw = line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(")
        shown.append(b"(%b) Tj T*" % raw.replace(b")", b"\\)"))
    return b"BT /F1 11 Tf 14 TL 60 780 Td %b ET" % b" ".join(shown)


def locked(data: bytes, password: str) -> bytes:
    """The PDF encrypted, to be opened with the password."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password, "the owner's", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
