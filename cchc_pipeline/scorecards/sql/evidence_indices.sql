-- The value of an index that others publish, over its full score, in periods that hold the whole year. Sources that
-- contradict each other give no figure, and the row says so. Of an index that is read on a day the last reading counts.
-- Input: asked (unit_code, period_type, period_start, period_end, year, cutoff_on), rules (criterion_code, index_code),
-- external_indices, run (as_of_on).
WITH known AS (
    SELECT external_indices.*, CONCAT(source, ' (', STRFTIME(external_indices.as_of_on, '%d/%m/%Y'), ')') AS told
    FROM external_indices
    CROSS JOIN run
    WHERE external_indices.as_of_on <= run.as_of_on AND (value IS NOT NULL OR is_contradicted)
    QUALIFY NOT is_running OR external_indices.as_of_on
        = MAX(external_indices.as_of_on) OVER (PARTITION BY index_code, unit_code, year)
)
SELECT asked.unit_code, criterion_code AS metric_code, period_type, period_start, period_end,
    CASE WHEN NOT BOOL_OR(is_contradicted) THEN MAX(value) END AS numerator,
    CASE WHEN NOT BOOL_OR(is_contradicted) THEN MAX(max_value) END AS denominator,
    STRING_AGG(DISTINCT told, '; ' ORDER BY told) AS evidence,
    MAX(contradiction_vi) AS reason_vi
FROM asked
JOIN known ON known.unit_code = asked.unit_code AND known.year = asked.year
JOIN rules ON rules.index_code = known.index_code
WHERE period_start <= MAKE_DATE(asked.year, 1, 1) AND period_end >= MAKE_DATE(asked.year, 12, 31)
GROUP BY ALL
