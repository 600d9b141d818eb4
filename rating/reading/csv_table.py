"""A CSV file of a profile as rows of cells, each with its line.

Rule 1: any bytes get an answer. What is no table at all ends the reading; a row that is wrong is told and
    left out, and the next one is read.
Rule 2: the rows stream by. Lines and columns of the text are looked up only when there is a fault to place.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from rating.reading.fault import Fault, show

Told = Callable[[str, int, int], None]  # a file, rows read, rows there are

ROW_SIGNS_MAX: Final = 1_000_000
FAULTS_MAX: Final = 1_000  # of one file
SEARCHED_SIGNS_MAX: Final = 10_000  # a longer row gets no column
ROWS_BETWEEN_NEWS: Final = 50_000


class CsvTable:
    """`columns[i]` is the place of the i-th wanted column in a row, or None if the file does not have it."""

    def __init__(
        self,
        file: str,
        content: bytes,
        wanted: Sequence[str],
        optional: Sequence[str],
        told: Told | None = None,
    ) -> None:
        self.file = file
        self._faults: list[Fault] = []
        self.columns: list[int | None] = []
        self.line = 0  # where the row begins that was given last
        self._left_out: list[int] = []  # lines of faults
        self._told = told
        self._wanted = wanted
        self._known = (*wanted, *optional)
        self._text = self._decode(content)
        self._lines: list[str] | None = None
        self._width = 0
        self._reader = csv.reader(self._short_lines(), strict=True)
        self._begin()

    @property
    def faults(self) -> list[Fault]:
        if not self._left_out:
            return self._faults
        more = Fault(self.file, self._left_out[0], None, f"and {len(self._left_out)} more errors")
        return [*self._faults, more]

    @property
    def is_readable(self) -> bool:
        return bool(self.columns)

    def rows(self) -> Iterator[list[str]]:
        """Those that have as many cells as the header; `line` is that of the row."""
        if not self.is_readable:
            return
        reader, width, last = self._reader, self._width, self._reader.line_num
        total = self._text.count("\n") - last
        count = 0
        while True:
            try:
                for cells in reader:
                    self.line = last + 1
                    last = reader.line_num
                    if len(cells) == width:
                        count += 1
                        yield cells
                        if not count % ROWS_BETWEEN_NEWS and self._told:
                            self._told(self.file, count, max(total, count))
                    elif cells:
                        self._uneven(cells)
                break
            except csv.Error as error:
                self.line = last + 1
                last = reader.line_num
                self._broken(error)
                if "," not in str(error):  # a quote that swallows all that follows
                    break
        if self._told:
            self._told(self.file, count, count)

    def complain(self, cell: int | None, what: str, line: int = 0) -> None:
        """About a cell of the row that was given last, or of another line."""
        line = line or self.line
        if len(self._faults) >= FAULTS_MAX:
            self._left_out.append(line)
            return
        text = "" if cell is None else self._line(line)
        column = None if cell is None or len(text) > SEARCHED_SIGNS_MAX else _column(text, cell)
        self._faults.append(Fault(self.file, line, column, what))

    def _decode(self, content: bytes) -> str:
        told = decode(self.file, content)
        if isinstance(told, Fault):
            self._faults.append(told)
            return ""
        return told

    def _begin(self) -> None:
        """Find the header; what its columns are."""
        header: list[str] = []
        try:
            while not header:
                header = next(self._reader)
        except StopIteration:
            if not self._faults:
                names = ",".join(self._wanted)
                self._faults.append(
                    Fault(self.file, None, None, f"the file is empty: begin it with the line `{names}`")
                )
            return
        except csv.Error as error:
            self.line = 1
            self._broken(error)
            return
        self.line = self._reader.line_num
        self._width = len(header)
        if len(header) == 1 and (sign := next((sign for sign in ";\t" if sign in header[0]), "")):
            self.complain(0, f"cells are separated by {show(sign)}: save the file with commas between them")
            return
        for place, name in enumerate(header):
            if name not in self._known:
                self.complain(place, f"unknown column {show(name)}: there are {', '.join(self._known)}")
            elif name in header[:place]:
                self.complain(place, f"column {show(name)} stands twice: leave one")
        missing = [name for name in self._wanted if name not in header]
        for name in missing:
            self.complain(None, f"column `{name}` is missing in the header")
        if not missing:
            self.columns = [header.index(name) if name in header else None for name in self._known]

    def _short_lines(self) -> Iterator[str]:
        """The lines, empty where one is a comment before the header or longer than any row can be."""
        is_head = True
        for number, line in enumerate(io.StringIO(self._text, newline=""), 1):
            if len(line) > ROW_SIGNS_MAX:
                self.complain(
                    None, f"a row of {len(line)} signs: the longest may have {ROW_SIGNS_MAX}", number
                )
                line = "\n"
            elif is_head:
                if line.startswith("#"):
                    line = "\n"
                elif line.strip():
                    is_head = False
            yield line

    def _uneven(self, cells: list[str]) -> None:
        count = len(cells)
        what = f"{count} cells, the header has {self._width}"
        if cells[0].startswith("#"):
            what = "a comment may stand only before the header: take it away"
        elif any(";" in cell for cell in cells) and count < self._width:
            what += ": separate them with commas, not with `;`"
        elif count > self._width and any(_is_split_price(*pair) for pair in pairwise(cells)):
            what += ": write a price with a point (12.34); a comma separates cells"
        elif count > self._width:
            what += ': a cell with a comma in it stands in quotes ("Korea, South")'
        self.complain(None, what)

    def _broken(self, error: csv.Error) -> None:
        reason = str(error)
        if "field limit" in reason:
            what = "a cell is far too long: is a quote opened here and not closed?"
        elif "unexpected end" in reason:
            what = "a quote is opened here and not closed: close it, or write it twice where it is meant"
        elif "," in reason:
            what = 'something stands after a closing quote: a quote inside a cell is written twice ("")'
        else:
            what = f"cannot be read as CSV: {reason}"
        self.complain(None, what)

    def _line(self, number: int) -> str:
        if self._lines is None:
            self._lines = list(io.StringIO(self._text, newline=""))
        return self._lines[number - 1] if number <= len(self._lines) else ""


def decode(file: str, content: bytes) -> str | Fault:
    """UTF-8, with or without a byte order mark."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Fault(file, 1, 1, "the file is UTF-16: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A mark in front is not counted by the error.
        at = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
    before = content[:at]
    line_begin = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
    what = f"not UTF-8 (byte {at + 1} of the file is 0x{content[at]:02x})"
    read_so = content.decode("cp1251", "replace")
    strange = [sign for sign in read_so if not sign.isascii()]
    if sum("А" <= sign <= "я" or sign in "Ёё" for sign in strange) * 2 > len(strange):
        what += ", it looks like Windows-1251"
    line = before.count(b"\n") + 1
    return Fault(file, line, at - line_begin + 1, f"{what}: save the file as UTF-8")


def _is_split_price(roubles: str, kopecks: str) -> bool:
    return roubles.isdigit() and kopecks.isdigit() and len(kopecks) <= 2


def _column(line: str, cell: int) -> int | None:
    """Where the cell begins, counted from 1; None when it stands on a later line."""
    is_quoted = False
    for at, sign in enumerate(line, 1):
        if cell == 0:
            return at
        if sign == '"':
            is_quoted = not is_quoted
        elif sign == "," and not is_quoted:
            cell -= 1
    return len(line.rstrip("\r\n")) + 1 if cell == 0 else None
