"""PDF pages of the signing service.

Rules: the pages that were sent are never re-typeset; a signed document is those pages plus a certificate page. Coordinates are PDF
points (1/72 inch) from the lower left corner. PDFium is not thread-safe: call these functions from one thread.
"""

import ctypes
import io
import re
import struct
import zlib
from collections.abc import Sequence

import pypdfium2
import pypdfium2.raw as pdfium

_PAGE = (612, 792)
_MARGIN, _LEADING, _FONT_SIZE = 60, 15, 10
_LINES_A_PAGE = (_PAGE[1] - 2 * _MARGIN) // _LEADING
_MONEY = re.compile(r"\d{1,3}(?:,\d{3})*\.\d{2}")
_NUMBER = re.compile(r"\d+")


class NotAPdfError(ValueError):
    """The bytes cannot be opened as a PDF."""


def _open(document: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(document)
    except pypdfium2.PdfiumError as error:
        raise NotAPdfError(str(error)) from error


def page_texts(document: bytes) -> list[str]:
    """Text of each page, in page order. Raises NotAPdfError."""
    pdf = _open(document)
    try:
        return [page.get_textpage().get_text_range() for page in pdf]
    finally:
        pdf.close()


def page_sizes(document: bytes) -> list[tuple[int, int]]:
    """Width and height of each page in whole points. Raises NotAPdfError."""
    pdf = _open(document)
    try:
        return [(round(page.get_width()), round(page.get_height())) for page in pdf]
    finally:
        pdf.close()


def page_png(document: bytes, index: int, scale: float = 1.5) -> bytes:
    """One page (from 0) as an RGB PNG; `scale` is pixels a point. Raises NotAPdfError, IndexError."""
    pdf = _open(document)
    try:
        if not 0 <= index < len(pdf):
            message = f"page {index} of {len(pdf)}"
            raise IndexError(message)
        bitmap = pdf[index].render(scale=scale, rev_byteorder=True)
        return _png(bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels, bytes(bitmap.buffer))
    finally:
        pdf.close()


def _png(width: int, height: int, stride: int, channels: int, pixels: bytes) -> bytes:
    """A PNG of 8-bit RGB or RGBA rows; each row starts with filter type 0 (PNG specification, sections 5 and 9)."""
    rows = b"".join(b"\0" + pixels[row * stride : row * stride + width * channels] for row in range(height))
    colour_type = {3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    packed = (struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data)) for tag, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def text_pdf(lines: Sequence[str]) -> bytes:
    """Plain text as a PDF in Helvetica (WinAnsi), as many pages as the lines need."""
    pages = [lines[start : start + _LINES_A_PAGE] for start in range(0, len(lines), _LINES_A_PAGE)] or [[""]]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        content = _text_operators(page)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_PAGE[0]} {_PAGE[1]}] /Contents {5 + 2 * number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _pdf_file(objects)


def _text_operators(lines: Sequence[str]) -> bytes:
    out = [f"BT /F1 {_FONT_SIZE} Tf {_LEADING} TL {_MARGIN} {_PAGE[1] - _MARGIN} Td".encode()]
    for line in lines:
        escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        out.append(b"(" + escaped.encode("cp1252", "replace") + b") Tj T*")
    return b"\n".join([*out, b"ET"])


def _pdf_file(objects: Sequence[bytes]) -> bytes:
    """Numbered objects with a cross-reference table (ISO 32000-1, 7.5)."""
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def join(documents: Sequence[bytes]) -> bytes:
    """All pages of all documents, in order. Raises NotAPdfError."""
    target = pypdfium2.PdfDocument.new()
    try:
        for document in documents:
            source = _open(document)
            target.import_pages(source)
            source.close()
        return _saved(target)
    finally:
        target.close()


def _saved(pdf: pypdfium2.PdfDocument) -> bytes:
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def alter_one_figure(document: bytes) -> bytes:
    """The same document with the first digit of one figure changed: the first amount of money, else the first number.

    The text run that holds the figure is replaced at its place, so the order of the page's text is kept. Raises ValueError when
    there is no figure, NotAPdfError.
    """
    pdf = _open(document)
    try:
        for pattern in (_MONEY, _NUMBER):
            for page in pdf:
                if _alter_page(pdf, page, pattern):
                    return _saved(pdf)
    finally:
        pdf.close()
    message = "the document has no figure to alter"
    raise ValueError(message)


def _alter_page(pdf: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, pattern: re.Pattern[str]) -> bool:
    textpage = page.get_textpage()
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        run = pdfium.FPDFPage_GetObject(page, index)
        if pdfium.FPDFPageObj_GetType(run) != pdfium.FPDF_PAGEOBJ_TEXT:
            continue
        text = _run_text(run, textpage)
        found = pattern.search(text)
        if found is None:
            continue
        digit = str(int(text[found.start()]) % 9 + 1)
        _replace_run(pdf, page, index, text[: found.start()] + digit + text[found.start() + 1 :])
        return True
    return False


def _run_text(run: object, textpage: pypdfium2.PdfTextPage) -> str:
    size = pdfium.FPDFTextObj_GetText(run, textpage, None, 0)
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDFTextObj_GetText(run, textpage, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return buffer.raw.decode("utf-16-le").rstrip("\0")


def _replace_run(pdf: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, index: int, text: str) -> None:
    old = pdfium.FPDFPage_GetObject(page, index)
    size, matrix = ctypes.c_float(), pdfium.FS_MATRIX()
    pdfium.FPDFTextObj_GetFontSize(old, size)
    pdfium.FPDFPageObj_GetMatrix(old, matrix)
    new = pdfium.FPDFPageObj_NewTextObj(pdf, b"Helvetica", size.value)
    wide = (text + "\0").encode("utf-16-le")
    pdfium.FPDFText_SetText(new, ctypes.cast(ctypes.create_string_buffer(wide), ctypes.POINTER(pdfium.FPDF_WCHAR)))
    pdfium.FPDFPageObj_SetMatrix(new, matrix)
    pdfium.FPDFPage_RemoveObject(page, old)
    pdfium.FPDFPageObj_Destroy(old)
    pdfium.FPDFPage_InsertObjectAtIndex(page, new, index)
    pdfium.FPDFPage_GenerateContent(page)
