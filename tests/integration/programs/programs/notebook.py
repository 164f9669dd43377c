"""A notebook with a cell that fails, run to its end in a kernel of its own."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

cells = ["from work import work\nfor _ in range(20): work()", "1/0", "print('goes on')"]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
NotebookClient(notebook, allow_errors=True, kernel_name="python3").execute()
outputs = [[output.output_type for output in cell.outputs] for cell in notebook.cells]
assert outputs == [[], ["error"], ["stream"]], outputs
