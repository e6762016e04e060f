"""Build Arrow arrays and tables from Python values and data frames.

Arrow drops the zone of a Python moment where `PYARROW_IGNORE_TIMEZONE` is set, and pandera sets it when it is
imported. Moments therefore pass to Arrow as whole microseconds since 1970 in UTC, and results are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def array(values: Iterable[Any], kind: pa.DataType | None = None) -> pa.Array:
    """Convert Python values to an Arrow array.

    Args:
        values: Python values, None for null.
        kind: Arrow type; inferred from the values where it is None.

    Raises:
        pa.ArrowInvalid: a value does not fit `kind`; a moment without zone fits no zoned timestamp.
        pa.ArrowTypeError: a value is of another Python type.
    """
    values = list(values)
    kind = pa.infer_type(values) if kind is None else kind
    if not pa.types.is_timestamp(kind) or kind.tz is None:
        return pa.array(values, kind)
    whole = [_microseconds(value) if isinstance(value, datetime) else value for value in values]
    return pa.array(whole, pa.timestamp("us", tz="UTC")).cast(kind)


def table_from_records(records: Iterable[Mapping[str, Any]], schema: pa.Schema | None = None) -> pa.Table:
    """Convert records to an Arrow table of `schema`.

    Args:
        records: one mapping a row; a column that a record lacks is null.
        schema: columns and types; inferred from the records, in the order of their first one, where it is None.

    Raises:
        pa.ArrowInvalid, pa.ArrowTypeError: as `array`.
    """
    records = list(records)
    if schema is None:
        names = list(records[0]) if records else []
        return pa.table([array([one.get(name) for one in records]) for name in names], names=names)
    return table_from_rows(([one.get(name) for name in schema.names] for one in records), schema)


def table_from_rows(rows: Iterable[Iterable[Any]], schema: pa.Schema) -> pa.Table:
    """Convert rows to an Arrow table of `schema`.

    Values of a row stand in the order of `schema`.

    Raises:
        pa.ArrowInvalid, pa.ArrowTypeError: as `array`.
    """
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)


def table_from_frame(frame: pd.DataFrame, schema: pa.Schema | None = None) -> pa.Table:
    """Convert a data frame, without its index, to an Arrow table of `schema`.

    The pandas metadata that Arrow adds to the schema is dropped: it tells the versions and options of pandas, and would
    make equal tables unequal files.
    """
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)  # noqa: TID251 - the one place
    return table.replace_schema_metadata(schema.metadata if schema else None)


def _microseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise pa.ArrowInvalid(f"the moment {moment} has no zone")
    return (moment - _EPOCH) // _MICROSECOND
