"""The embedded data source: small meaningful functions in ten languages from one typed AST.

`families` draw Python-like text, `frontend` types it, `reference` runs it with checks,
`cases` turns runs into unit tests and `printers` write it in every language.
"""

from __future__ import annotations

from oorl.data.synthetic.generate import generate_problems

__all__ = ["generate_problems"]
