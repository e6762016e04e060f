"""Report drift and the shape of batches as asset checks."""

from collections.abc import Iterator, Sequence

import dagster as dg

from cchc_pipeline.contracts import Contract
from cchc_pipeline.validation.drift.compare import checks_of
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
TOO_LITTLE = "Chưa đủ lịch sử để so sánh. / Too little history to compare with."
NOTHING_NEW = "Không có gì khác thường. / Nothing unusual."
SHOWN = 50


def drift_check_specs(contract: Contract, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Return the comparisons of a table as check specs."""
    return [dg.AssetCheckSpec(name, asset=key, description=DESCRIPTIONS[name]) for name in checks_of(contract)]


def drift_check_results(found: Sequence[Comparison], key: dg.AssetKey) -> Iterator[dg.AssetCheckResult]:
    """Yield a result per comparison; too little history passes, `comparisons` is 0."""
    for one in found:
        said = _said(one.breaks) or (NOTHING_NEW if one.judged else TOO_LITTLE)
        yield dg.AssetCheckResult(
            passed=not one.breaks,
            check_name=one.check,
            asset_key=key,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "finding": dg.MetadataValue.md(said),
                "comparisons": one.judged,
                "breaks": [{"culprit": b.culprit, **b.numbers} for b in one.breaks[:SHOWN]],
                "breaks_found": len(one.breaks),
                "known_before": _said(one.known) or "-",
                **one.about,
            },
        )


def _said(breaks: Sequence[Break]) -> str:
    lines = [f"{one.sentence_vi} / {one.sentence_en}" for one in breaks[:SHOWN]]
    more = len(breaks) - SHOWN
    return "\n\n".join([*lines, f"… +{more}"] if more > 0 else lines)


def shape_result(done: Staged, key: dg.AssetKey) -> dg.AssetCheckResult:
    """Return the check of columns and types: ERROR for refused days, else WARN."""
    said = [
        f"Ngày {day} bị từ chối cả lô. / Day {day} was refused whole. {error}" for day, error in done.broken.items()
    ]
    said += [
        f"Cột lạ «{name}» không được lưu. / The unknown column «{name}» is not stored."
        for name in sorted(done.unknown_columns)
    ]
    said += [
        f"Cột «{name}» không có trong lô, để trống. / The column «{name}» did not come and is null."
        for name in sorted(done.absent_columns)
    ]
    said += [
        f"Cột «{name}» đến với kiểu {came}, đã đọc về kiểu của hợp đồng. / The column «{name}» came as {came} and was "
        "read into the contract's type."
        for name, came in sorted(done.retyped_columns.items())
    ]
    said += [
        f"{rows} bản ghi bị cách ly vì cột «{name}». / {rows} rows went to quarantine because of the column «{name}»."
        for name, rows in sorted(done.discarded_rows.items())
    ]
    return dg.AssetCheckResult(
        passed=not said,
        check_name="shape",
        asset_key=key,
        severity=dg.AssetCheckSeverity.ERROR if done.broken else dg.AssetCheckSeverity.WARN,
        metadata={
            "finding": dg.MetadataValue.md("\n\n".join(said) or "Đúng hợp đồng dữ liệu. / As the contract has it."),
            "refused_days": {str(day): str(error) for day, error in done.broken.items()},
            "unknown_columns": sorted(done.unknown_columns),
            "absent_columns": sorted(done.absent_columns),
            "retyped_columns": dict(done.retyped_columns),
            "discarded_rows": dict(done.discarded_rows),
            **({"policy": vars(done.contract.drift)} if done.contract.drift else {}),
        },
    )
