"""The report of late dossiers on the console."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from cchc_pipeline.reports.late_report import CAUSES, LateReport


def print_late(found: LateReport, limit: int) -> None:
    """Counts by cause, counts by unit, and the first `limit` dossiers with their evidence."""
    console = Console()
    about = found.scope
    period = f"{about.first:%d/%m/%Y}–{about.last:%d/%m/%Y}"
    table = Table(title=f"Hồ sơ giải quyết quá hạn — {about.unit_name}, {period}", title_justify="left")
    for column in ("Nguyên nhân", "code"):
        table.add_column(column, style="dim" if column == "code" else None)
    for column in ("Số hồ sơ", "Có thư xin lỗi"):
        table.add_column(column, justify="right")
    for cause, count, letters in found.by_cause():
        table.add_row(CAUSES[cause], cause, f"{count:,}", f"{letters:,}")
    table.add_row("Cộng", "resolved_late", f"{len(found.dossiers):,}", f"{_letters(found):,}", style="bold")
    console.print(table)
    if found.dossiers:
        console.print(_units(found))
    for number, row in enumerate(found.dossiers[:limit], 1):
        letter = f"Thư xin lỗi {row['apology_code']}, {row['apology_on']:%d/%m/%Y}." if row["apology_on"] else ""
        letter = letter or "Không có thư xin lỗi."
        unit = about.names.get(row["unit_code"], row["unit_code"])
        console.print(
            f"{number}. {row['dossier_code']} ({unit}). {CAUSES[row['cause']]}. {row['evidence_vi']} {letter}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    if len(found.dossiers) > limit:
        console.print(f"… và {len(found.dossiers) - limit:,} hồ sơ khác / more: --limit, --format csv")
    if found.overdue:
        console.print(f"Ngoài ra {len(found.overdue):,} hồ sơ đang giải quyết đã quá hạn / open and overdue.")


def _letters(found: LateReport) -> int:
    return sum(letters for _, _, letters in found.by_cause())


def _units(found: LateReport) -> Table:
    table = Table(title="Theo đơn vị: số hồ sơ (có thư xin lỗi)", title_justify="left")
    table.add_column("Đơn vị")
    for cause in CAUSES:
        table.add_column(cause, justify="right")
    for code, name, causes in found.by_unit():
        cells = [f"{count} ({letters})" if count else "" for count, letters in causes.values()]
        table.add_row(f"{name} ({code})", *cells)
    return table
