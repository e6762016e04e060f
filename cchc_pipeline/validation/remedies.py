"""Suggest how to correct a record that breaks a rule."""

from __future__ import annotations

from sqlglot import exp

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Rule
from cchc_pipeline.validation.acceptances import is_acceptable


def suggested_fix(rule: Rule, contract: Contract) -> tuple[str, str]:
    """Return a sentence (vi, en) for the record's office: which fields to correct."""
    names = {column.name for column in rule.predicate.find_all(exp.Column)}
    columns = [column for column in contract.columns if column.name in names]
    vi = ", ".join(f"«{column.label_vi}»" for column in columns)
    en = ", ".join(f"«{column.label_en}»" for column in columns)
    suffix = rule.id.split(".", 1)[1]
    if suffix == "key_unique":
        return (
            f"Tìm bản ghi trùng ({vi}) trong hệ thống nguồn và xóa hoặc sửa bản ghi thừa.",
            f"Find the records with the same {en} in the source system; remove or correct the superfluous one.",
        )
    if suffix == "parse_errors_present":
        return (
            "Xem cột parse_errors: sửa giá trị nêu ở đó cho đúng định dạng trong hệ thống nguồn.",
            "See the column parse_errors: correct the value named there in the source system.",
        )
    if suffix == f"{rule.column}_required":
        return f"Nhập {vi} trong hệ thống nguồn.", f"Enter {en} in the source system."
    if rule.severity == "note":
        return "Không phải xử lý; chỉ để biết.", "Nothing to do; for information only."
    if rule.severity == "warn":
        return f"Kiểm tra {vi} và sửa nếu sai.", f"Check {en} and correct it where it is wrong."
    if not is_acceptable(rule, contract):
        return f"Sửa {vi} trong hệ thống nguồn.", f"Correct {en} in the source system."
    return (
        f"Sửa {vi} trong hệ thống nguồn; nếu bản ghi đúng như vậy, có thể chấp nhận kèm lý do.",
        f"Correct {en} in the source system; if the record is right as it is, it can be released with a reason.",
    )
