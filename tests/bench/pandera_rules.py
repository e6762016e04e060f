"""Define the rules of the contract one_stop__dossiers for pandera over polars."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pandera.polars as pandera
import polars as pl
import pyarrow as pa
from pandera.errors import SchemaErrors

UNIT = r"^[A-K][0-9]{2}([.][A-Z0-9]{1,4}){0,8}$"
CODE = r"^(([0-9]{3}[.][0-9]{2}[.][0-9]{2}[.])?[GH][0-9]{2}([.][0-9]{1,3}){0,3})-[0-9]{6}-[0-9]{4,6}$"
PROCEDURE = r"^[0-9][.][0-9]{6}([.][0-9]{3}[.][0-9]{2}[.][0-9]{2}[.][GH][0-9]{2}([.][0-9]{2})?)?$"
REQUIRED = (
    "dossier_code", "status_name", "procedure_code", "has_fee", "is_paid_online", "is_result_electronic",
    "is_digitised", "is_data_reused", "is_in_personal_storage", "is_citizen_data_used", "is_synced_national",
)  # fmt: skip
#: pandera's check names -> the contract's rule names.
THEIRS = {"not_nullable": "required", "field_uniqueness": "key_unique"}


def _rules(as_of: date) -> dict[str, pl.Expr]:
    """Return rule -> expression, true where a row breaks it; unknown means kept."""
    c = pl.col
    code, coded = c("dossier_code"), c("dossier_code").str.contains(CODE)
    turned = pl.concat_str(
        code.str.slice(10, 3), pl.lit("."), code.str.slice(7, 2), pl.lit("."), code.str.slice(4, 2), pl.lit("."),
        code.str.slice(0, 3),
    )  # fmt: skip
    agency = (
        pl.when(code.str.contains(r"^[0-9]{3}[.]"))
        .then(turned)
        .otherwise(code.str.split("-").list.get(0, null_on_oob=True))
    ).str.replace(r"([.]0+)+$", "")
    day = code.str.split("-").list.get(1, null_on_oob=True)
    return {
        "parse_errors_present": c("parse_errors").is_not_null(),
        "DQ01": (c("channel") == "online") & (c("service_level") == "information"),
        "DQ02": c("received_on").is_null() & ~c("status_code").is_in([1, 3, 5]),
        "DQ03": c("finished_on").is_null() & c("status_code").is_in([9, 10]),
        "DQ04": c("received_on") > as_of,
        "DQ05": c("finished_on") > as_of,
        "DQ06": c("finished_on") < c("received_on"),
        "DQ07": c("received_on") < c("applied_on"),
        "DQ08": c("due_on") < c("received_on"),
        "DQ09": c("due_on").is_null() & c("status_code").is_in([2, 4]),
        "DQ10": c("returned_on") < c("finished_on"),
        "DQ11": c("returned_on").is_not_null() & (c("status_code") != 10),
        "DQ13": c("status_code").is_null() & c("status_name").is_not_null(),
        "DQ15": coded & (agency != c("unit_code")),
        "DQ16": coded
        & pl.coalesce("applied_on", "received_on").is_not_null()
        & (day != c("applied_on").dt.strftime("%y%m%d").fill_null(""))
        & (day != c("received_on").dt.strftime("%y%m%d").fill_null("")),
        "dossier_code_legacy": ~coded,
        "procedure_code_form": ~c("procedure_code").str.contains(PROCEDURE),
        "rated_without_date": c("rating").is_not_null() & c("rated_on").is_null(),
        "closed_without_date": c("finished_on").is_null() & c("status_code").is_in([7, 8]),
        "open_with_finish_date": c("finished_on").is_not_null() & c("status_code").is_in([2, 4, 5, 6]),
        "suspended_without_date": c("suspended_on").is_null() & c("status_code").is_in([5, 6]),
        "suspension_order": c("resumed_on") < c("suspended_on"),
        "received_on_ancient": c("received_on") < date(2000, 1, 1),
        "paid_without_fee": c("is_paid_online") & ~c("has_fee"),
        "fee_amount_vnd_negative": c("fee_amount_vnd") < 0,
    }


def schema(as_of: date) -> pandera.DataFrameSchema:
    """Return the pandera schema: constraints of columns, then rules over rows."""

    def isin(name: str, values: list) -> pandera.Check:
        return pandera.Check.isin(values, name=name)

    columns = {name: pandera.Column(nullable=False) for name in REQUIRED} | {
        "dossier_id": pandera.Column(
            nullable=False, unique=True, checks=pandera.Check.str_matches(r"^[0-9a-f]{24}$", name="dossier_id_pattern")
        ),
        "unit_code": pandera.Column(nullable=False, checks=pandera.Check.str_matches(UNIT, name="unit_code_pattern")),
        "status_code": pandera.Column(nullable=False, checks=isin("status_code_values", list(range(1, 11)))),
        "channel": pandera.Column(nullable=False, checks=isin("channel_values", ["direct", "online", "postal"])),
        "service_level": pandera.Column(
            nullable=True, checks=isin("service_level_values", ["full", "partial", "information"])
        ),
        "rating": pandera.Column(nullable=True, checks=isin("rating_values", [1, 2, 3])),
    }
    checks = [
        pandera.Check(lambda data, broken=broken: data.lazyframe.select(~broken.fill_null(value=False)), name=name)
        for name, broken in _rules(as_of).items()
    ]
    return pandera.DataFrameSchema(columns, checks=checks)


def broken_rows(batch: pa.Table, rules: pandera.DataFrameSchema) -> Counter[str]:
    """Return broken rule -> rows, by the rule's name in the contract."""
    try:
        rules.validate(pl.DataFrame(batch), lazy=True)
    except SchemaErrors as error:
        found: Counter[str] = Counter()
        counted = error.failure_cases.group_by("column", "check").len()
        for column, check, rows in counted.iter_rows():
            name = THEIRS.get(check, check)
            found[f"{column}_{name}" if name == "required" else name] += rows
        return found
    return Counter()
