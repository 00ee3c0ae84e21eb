#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.
"""What a summary is made of: titles, items, tables, commands."""

import rich.console
import rich.padding
import rich.table
import rich.text


class Page:
    """Prints blocks without frames.

    :param console: where to.
    """

    def __init__(self, console: rich.console.Console) -> None:
        self._console = console

    def line(self, line: rich.text.Text) -> None:
        """A line, wrapped where it is too long."""
        self._console.print(line, highlight=False)

    def title(self, title: str) -> None:
        """An empty line and a title."""
        self._console.print()
        self.line(rich.text.Text(title, 'bold'))

    def block(self, content: rich.table.Table) -> None:
        """An empty line and a table."""
        self._console.print()
        # A name may look like markup of rich, and mean nothing by it.
        self._console.print(content, highlight=False, markup=False)

    def item(self, line: str, indent: int = 2) -> None:
        """An indented line, and so are its further lines."""
        self._console.print(
            rich.padding.Padding(rich.text.Text(line), (0, 0, 0, indent)),
            highlight=False,
        )

    def hang(self, mark: str, line: str) -> None:
        """A line whose further lines stand below its first word."""
        grid = rich.table.Table.grid()
        grid.add_column(no_wrap=True)
        grid.add_column()
        grid.add_row(rich.text.Text(mark), rich.text.Text(line))
        self._console.print(grid, highlight=False)

    def command(self, line: str) -> None:
        """A line that is not wrapped: a wrapped one cannot be copied."""
        self._console.print(
            rich.text.Text(line), soft_wrap=True, highlight=False
        )


def table(
    *columns: str, wraps: int = 0, words: bool = False
) -> rich.table.Table:
    """A table without frames.

    :param columns: their titles.
    :param wraps: number of the column that alone may be wrapped.
    :param words: the columns after the first are words, and not numbers.
    """
    made = rich.table.Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style='bold'
    )
    for number, column in enumerate(columns):
        made.add_column(
            column,
            justify='left' if words or not number else 'right',
            overflow='fold' if number == wraps else 'ellipsis',
            no_wrap=number != wraps,
        )
    return made


def clean(line: str) -> str:
    """Text of a cloud must not move the cursor of a terminal."""
    return ''.join(letter if letter.isprintable() else '?' for letter in line)
