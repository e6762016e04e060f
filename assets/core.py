"""Define the core assets: current state, events, registers and lateness."""

from functools import partial

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from assets.staged import staged_key
from assets.table_asset import ERROR, SHOWN_ROWS, Made, Work, check, picture, preview, table_asset
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.core import at_risk, build, state
from cchc_pipeline.core.units import REGISTER, build_units, former_holders, register_history, take_in_changes
from cchc_pipeline.drawing import charts
from cchc_pipeline.reference.working_time import WorkingHours, working_hours
from cchc_pipeline.sources.registry import SOURCES

core_asset = partial(table_asset, group="core", rooms=("core", "core.sql", "reference"))
lateness_asset = partial(core_asset, group="lateness")
#: Days in the chart of outcomes: drawing years of them took longer than counting them.
_CHART_DAYS = 92


def _hours(work: Work) -> WorkingHours:
    return working_hours(work.settings.drop_folder / "working_hours.csv")


@core_asset(
    "dossiers",
    key="core_dossiers",
    deps=[staged_key(table) for table in ("one_stop__dossiers", "documents__documents", REGISTER)],
    checks={"unit_changes_agree": "Sổ thay đổi đơn vị không mâu thuẫn: the register does not contradict itself."},
)
def core_dossiers(work: Work) -> Made:
    """Hồ sơ TTHC: current state of every dossier with outcome, pending, overdue and handling time."""
    lake = work.lake
    state.take_in(lake, "documents__documents")
    changed = state.take_in_dossiers(lake)
    wrong = take_in_changes(lake)
    kept = f"Sổ thay đổi đơn vị mâu thuẫn, sổ của đêm trước vẫn dùng. / The register held before stays. {wrong}"
    agree = check("unit_changes_agree", ERROR, passed=wrong is None, finding=kept if wrong else "-")
    former = former_holders(register_history(lake))
    parts, rebuilt = build.build_dossiers(lake, lake.dossiers_until(), hours=_hours(work), former=former)
    # the newest month is shown; days without any dossier, such as a first weekend, have none
    newest = list(lake.store.parts("built/dossiers"))[-1:]
    return Made(
        lake.store.read("built/dossiers", *newest, schema=work.contract.arrow_schema()),
        {
            "path": dg.MetadataValue.path(str(lake.store.path("built/dossiers").with_suffix(""))),
            "dagster/row_count": state.count(lake, "built", "dossiers"),
            "months_held": parts,
            "months_changed": len(changed),
            "months_rebuilt": rebuilt,
        },
        [agree],
    )


@core_asset("dossier_events", key="core_dossier_events", deps=[core_dossiers])
def core_dossier_events(work: Work) -> Made:
    """Sự kiện hồ sơ: additive daily counts by unit, procedure, channel and measure; the heart of all figures."""
    events = build.build_events(work.lake, work.lake.dossiers_until())
    days, series = state.daily_outcomes(events, last=_CHART_DAYS)
    drawn = {
        "Trước hạn": (series["resolved_early"], charts.EARLY),
        "Đúng hạn": (series["resolved_on_time"], charts.ON_TIME),
        "Quá hạn": (series["resolved_late"], charts.LATE),
    }
    title = f"Hồ sơ giải quyết theo ngày (toàn tỉnh, {_CHART_DAYS} ngày gần nhất)"
    drawing = charts.stacked_bars([f"{day:%d/%m}" for day in days], drawn, title)
    return Made(events, {"chart": picture(drawing, "Hồ sơ giải quyết theo ngày")})


@core_asset("documents", key="core_documents", deps=[core_dossiers, staged_key("documents__statuses")])
def core_documents(work: Work) -> pa.Table:
    """Văn bản điện tử: documents sent by the province's units, publication decisions with their lateness."""
    state.take_in(work.lake, "documents__statuses")
    return build.build_documents(work.lake, former=former_holders(register_history(work.lake)))


@core_asset(
    "procedures",
    key="core_procedures",
    deps=[staged_key("one_stop__procedures"), core_dossiers],
    checks={
        "procedures_listed": "DQ14: mã TTHC của hồ sơ có hiệu lực trong danh mục của ngày tiếp nhận (92 ngày gần nhất)."
    },
)
def core_procedures(work: Work) -> Made:
    """Thủ tục hành chính: the catalogue as it is, and a daily snapshot of its counts."""
    state.replace(work.lake, "one_stop__procedures")
    as_of_on = work.lake.span().as_of_on
    table = build.build_procedures(work.lake, as_of_on)
    missing = build.unlisted(work.lake, as_of_on).to_pylist()
    not_listed = [
        f"{row['procedure_code']}: {row['dossiers']} hồ sơ, {row['first_on']} … {row['last_on']}, "
        + ("đã bãi bỏ / abolished" if row["is_listed"] else "không có trong danh mục / in no list")
        for row in missing[:SHOWN_ROWS]
    ]
    dossiers = sum(row["dossiers"] for row in missing)
    found = {"procedures": len(missing), "dossiers": dossiers, "not_listed": not_listed}
    return Made(table, checks=[check("procedures_listed", passed=not missing, **found)])


#: The portal's tables: what it says of our units, and of all provinces.
PORTAL = SOURCES["national_portal"].tables


@core_asset(
    "units",
    key="core_units",
    deps=[*(staged_key(table) for table in PORTAL), core_dossiers, core_documents, core_procedures],
)
def core_units(work: Work) -> pa.Table:
    """Đơn vị: province, departments, districts (until 30/6/2025) and communes with their parents."""
    for table in PORTAL:
        state.take_in(work.lake, table)
    return build_units(work.lake, work.settings.province_code, work.lake.span().as_of_on)


@core_asset("portal_metrics", deps=[core_units])
def portal_metrics(work: Work) -> pa.Table:
    """Số liệu của Cổng DVCQG: every figure that the portal publishes of the province and its units, as last read."""
    return build.build_portal(work.lake, "portal_metrics")


@core_asset(
    "portal_procedures",
    deps=[core_units],
    checks={"catalogue_complete": "Every page of one pass over the portal's catalogue was read."},
)
def portal_procedures(work: Work) -> Made:
    """Danh mục TTHC trên Cổng DVCQG: read over weeks, a few pages on days off; each row as it was last read."""
    table = build.build_portal(work.lake, "portal_procedures")
    newest = table.slice(0, 1).to_pylist()
    state_of = {name: str(row[name]) for row in newest for name in ("catalogue_total", "is_complete", "complete_on")}
    found = {"procedures": table.num_rows, **state_of}
    whole = check("catalogue_complete", passed=all(row["is_complete"] for row in newest), **found)
    note = {} if newest else {"note": "no page of the catalogue was read yet: it is read on Saturdays and Sundays"}
    return Made(table, note, [whole])


#: Register -> check over several rows: (name, column that marks the rows, its sentence).
_MARKS = {
    "observations": ("no_overlapping_periods", "is_overlapping", "Kỳ chồng lấn một phần: không tính vào chỉ số."),
    "external_indices": ("no_contradictions", "is_contradicted", "Các nguồn mâu thuẫn: không tính vào chỉ số."),
}


def _register_asset(name: str) -> dg.AssetsDefinition:
    checks = {"units_known": "Every unit is one of the province's units."}
    if name in _MARKS:
        checks[_MARKS[name][0]] = _MARKS[name][2]

    @core_asset(name, key=f"core_{name}", deps=[staged_key(build.REGISTERS[name]), core_units], checks=checks)
    def register(work: Work) -> Made:
        table = build.build_register(work.lake, name, work.lake.span().as_of_on)
        unknown = build.unknown_unit_codes(work.lake, name)
        found = [check("units_known", passed=not unknown, unknown_units=unknown[:SHOWN_ROWS], units=len(unknown))]
        if name in _MARKS:  # no row is marked; marked ones are named by key
            rule, column, sentence = _MARKS[name]
            marked = table.filter(table[column])
            shown = marked.to_pylist()[:SHOWN_ROWS]
            keys = [" | ".join(str(row[part]) for part in work.contract.key) for row in shown]
            details = [row["contradiction_vi"] for row in shown if "contradiction_vi" in row]
            said = {"rows": marked.num_rows, "sentence_vi": sentence, "keys": keys, "details": details}
            found.append(check(rule, passed=not marked.num_rows, **said))
        more: dict[str, object] = {}
        if not table.num_rows:
            more["note"] = f"no file {name}.csv or {name}.xlsx in the drop folder so far"
        if "is_overdue" in table.column_names:
            more["overdue"] = pc.sum(table["is_overdue"]).as_py() or 0
        return Made(table, more, found)

    return register


register_assets = [_register_asset(name) for name in build.REGISTERS]


@lateness_asset("late_dossiers", deps=[core_dossiers])
def late_dossiers(work: Work) -> Made:
    """Hồ sơ trễ hạn: why each late dossier was late, at which step and unit, with or without a letter of apology."""
    table = build.build_late(work.lake)
    months, series = build.late_by_month(table)
    labels = load_code_list("late_cause").labels_vi
    drawn = {labels[cause]: (values, charts.CAUSES[cause]) for cause, values in series.items()}
    drawing = charts.stacked_bars(months, drawn, "Hồ sơ giải quyết quá hạn theo nguyên nhân (toàn tỉnh)")
    counts = {cause: int(sum(values)) for cause, values in series.items()}
    return Made(table, {**counts, "chart": picture(drawing, "Hồ sơ giải quyết quá hạn theo nguyên nhân")})


@lateness_asset("at_risk_dossiers", deps=[core_dossiers])
def at_risk_dossiers(work: Work) -> Made:
    """Hồ sơ có nguy cơ trễ hạn: open dossiers by working hours left and by how often such a dossier was late."""
    as_of_on = work.lake.dossiers_until()
    counted = at_risk.update_counts(work.lake, as_of_on)
    table = at_risk.build_at_risk(work.lake, as_of_on, _hours(work))
    by_risk = table.sort_by([("late_probability", "descending"), ("working_hours_left", "ascending")])
    shown = ["dossier_code", "unit_code", "due_on", "working_hours_left", "late_probability", "sentence_vi"]
    likely = table.filter(pc.greater_equal(table["late_probability"], 0.5)).num_rows
    more = {"preview": preview(by_risk, shown), "more_likely_late_than_not": likely, "months_counted": counted}
    return Made(table, more)


@lateness_asset("at_risk_calibration", deps=[at_risk_dossiers])
def at_risk_calibration(work: Work) -> Made:
    """Độ tin cậy của cảnh báo trễ hạn: what was predicted in the last months against what came of it."""
    table = at_risk.build_calibration(work.lake, work.lake.dossiers_until())
    rows = table.to_pylist()
    whole = next((row for row in rows if row["decile"] == 0), None)
    if whole is None:
        return Made(table, {"note": "Chưa đủ hai tháng hồ sơ hết hạn để so sánh."})
    title = "Khả năng trễ hạn đã nói và tỷ lệ thực tế"
    points = [(row["predicted_mean"], row["observed_share"], row["predictions"]) for row in rows if row["decile"]]
    return Made(
        table,
        {
            **{name: whole[name] for name in ("brier_score", "base_brier_score", "predictions")},
            "skill_score": whole["skill_score"] or 0.0,
            "chart": picture(charts.calibration(points, title), title),
        },
    )
