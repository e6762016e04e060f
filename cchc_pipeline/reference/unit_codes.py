"""Convert agency codes between the two forms that are in use side by side.

* QĐ 20/2020/QĐ-TTg (amended by QĐ 09/2025/QĐ-TTg): level 1 first, dots between, at most 35
  characters: `H34.12`, `H34.23.09`, `H21.227`. This is the canonical form.
* QCVN 102: thirteen characters, levels 4.3.2.1 reversed, zeros for absent levels:
  `000.00.12.H34`, `000.09.23.H34`. Still found in edXML and in dossier codes.
"""

from __future__ import annotations

import re

_QD20 = re.compile(r"^[A-K]\d{2}(\.[A-Z0-9]{1,4}){0,8}$")
_QCVN102 = re.compile(r"^(\d{3})\.(\d{2})\.(\d{2})\.([A-K]\d{2})$")


def canonical_unit_code(code: str | None) -> str | None:
    """Return the code in QĐ 20 form, or None where it is neither form.

    >>> canonical_unit_code("000.00.12.H34"), canonical_unit_code("000.09.23.H34"), canonical_unit_code("H21.227")
    ('H34.12', 'H34.23.09', 'H21.227')
    """
    if not code:
        return None
    code = code.strip().upper()
    if match := _QCVN102.match(code):
        level4, level3, level2, level1 = match.groups()
        parts = [level1, level2, level3, level4]
        while len(parts) > 1 and set(parts[-1]) == {"0"}:
            parts.pop()
        return ".".join(parts)
    return code if _QD20.match(code) and len(code) <= 35 else None


def qcvn102_code(code: str) -> str | None:
    """Return the QCVN 102 form of a canonical code; None where a level does not fit."""
    parts = code.split(".")
    if len(parts) > 4:
        return None
    level1, level2, level3, level4 = parts + ["00", "00", "000"][len(parts) - 1 :]
    reversed_form = f"{level4}.{level3}.{level2}.{level1}"
    return reversed_form if _QCVN102.match(reversed_form) else None
