-- Figures that offices keep, as they stand now. Input: held (core), measures (code list), run.
-- Two periods of one unit and flow that overlap in part would be added twice in their common days: both are marked.
-- A period within another is no overlap: a month in a cumulative report.
WITH current AS (
    SELECT held.*, measures.* EXCLUDE (measure_code)
    FROM held JOIN measures ON measures.measure_code = held.measure_code
    WHERE NOT COALESCE(held.is_withdrawn, FALSE)
),
crossing AS (
    SELECT DISTINCT one.measure_code, one.unit_code, one.period_start, one.observed_on
    FROM current AS one
    JOIN current AS other
        ON other.measure_code = one.measure_code AND other.unit_code = one.unit_code
        AND one.period_start <= other.observed_on AND other.period_start <= one.observed_on
    WHERE one.measure_kind = 'flow'
        AND (
            (one.period_start < other.period_start AND one.observed_on < other.observed_on)
            OR (one.period_start > other.period_start AND one.observed_on > other.observed_on)
        )
)
SELECT current.*, crossing.measure_code IS NOT NULL AS is_overlapping
FROM current
LEFT JOIN crossing
    ON crossing.measure_code = current.measure_code AND crossing.unit_code = current.unit_code
    AND crossing.period_start = current.period_start AND crossing.observed_on = current.observed_on
ORDER BY current.measure_code, current.unit_code, current.period_start, current.observed_on
