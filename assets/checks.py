"""Report drift and the shape of batches as asset checks."""

from collections.abc import Sequence

import dagster as dg

from assets.table_asset import ERROR, WARN, check
from cchc_pipeline.validation.drift.comparison import Break, Comparison
from cchc_pipeline.validation.staging import Staged

#: Check -> description of what passes, for the UI.
DESCRIPTIONS = {
    "codes": "Mã chưa từng thấy: no code outside its list, none that was never seen before.",
    "volume": "Số lượng: the day has about as many rows as the same weekday usually has.",
    "level": "Gãy chuỗi: no source, unit or figure moved to another level and stayed there.",
    "distribution": "Phân bố: no column's values are spread otherwise than in the weeks before.",
    "instrument": "Bộ chỉ số: no group has other items than in the period before.",
    "copies": "Số liệu chép lại: no two periods hold the same figures.",
}
#: Field of `Staged` -> sentence about each of its entries: {0} the name, {1} the value.
SHAPE = {
    "broken": "Ngày {0} bị từ chối cả lô. / Day {0} was refused whole. {1}",
    "unknown_columns": "Cột lạ «{0}» không được lưu. / The unknown column «{0}» is not stored.",
    "absent_columns": "Cột «{0}» không có trong lô, để trống. / The column «{0}» did not come and is null.",
    "retyped_columns": "Cột «{0}» đến với kiểu {1}, đã đọc về kiểu của hợp đồng. / The column «{0}» came as {1} and "
    "was read into the contract's type.",
    "discarded_rows": "{1} bản ghi bị cách ly vì cột «{0}». / {1} rows went to quarantine because of the column «{0}».",
}
TOO_LITTLE = "Chưa đủ lịch sử để so sánh. / Too little history to compare with."
NOTHING_NEW = "Không có gì khác thường. / Nothing unusual."
SHOWN = 50


def drift_result(one: Comparison) -> dg.AssetCheckResult:
    """Return a comparison as the result of its check; too little history passes, `comparisons` is 0."""
    found = {
        "finding": dg.MetadataValue.md(_said(one.breaks) or (NOTHING_NEW if one.judged else TOO_LITTLE)),
        "comparisons": one.judged,
        "breaks": [{"culprit": b.culprit, **b.numbers} for b in one.breaks[:SHOWN]],
        "breaks_found": len(one.breaks),
        "known_before": _said(one.known) or "-",
        **one.about,
    }
    return check(one.check, passed=not one.breaks, **found)


def _said(breaks: Sequence[Break]) -> str:
    lines = [f"{one.sentence_vi} / {one.sentence_en}" for one in breaks[:SHOWN]]
    more = len(breaks) - SHOWN
    return "\n\n".join([*lines, f"… +{more}"] if more > 0 else lines)


def shape_result(done: Staged) -> dg.AssetCheckResult:
    """Return the check of columns and types: ERROR for refused days, else WARN."""
    said = []
    for part, sentence in SHAPE.items():
        found = getattr(done, part)
        said += [sentence.format(name, found[name] if isinstance(found, dict) else "") for name in sorted(found)]
    shown = {
        "finding": dg.MetadataValue.md("\n\n".join(said) or "Đúng hợp đồng dữ liệu. / As the contract has it."),
        "refused_days": {str(day): str(error) for day, error in done.broken.items()},
        "unknown_columns": sorted(done.unknown_columns),
        "absent_columns": sorted(done.absent_columns),
        "retyped_columns": dict(done.retyped_columns),
        "discarded_rows": dict(done.discarded_rows),
        **({"policy": vars(done.contract.drift)} if done.contract.drift else {}),
    }
    return check("shape", ERROR if done.broken else WARN, passed=not said, **shown)
