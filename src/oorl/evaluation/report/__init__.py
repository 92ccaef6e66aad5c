"""The HTML report: one self-contained file, the same bytes for the same inputs.

`build_report(inputs)` turns figures and samples into the page; nothing here reads files, clocks
or the environment. `page.html` holds the frame and the style; it makes no request to anywhere.
"""

from oorl.evaluation.report.inputs import ReportInputs
from oorl.evaluation.report.page import build_report

__all__ = ["ReportInputs", "build_report"]
