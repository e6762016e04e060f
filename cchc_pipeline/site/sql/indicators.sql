-- Public figures of every unit: the period shown, the one before, and the year; those that say nothing are left out.
-- `is_better`: whether the change is an improvement. Input: public (indicator_values_public), indicators.
-- Parameters: $period_type, $shown, $before, $year (first days; null where there is none).
WITH shown AS (SELECT * FROM public WHERE period_type = $period_type AND period_start = $shown),
earlier AS (SELECT * FROM public WHERE period_type = $period_type AND period_start = $before),
whole AS (SELECT * FROM public WHERE period_type = 'year' AND period_start = $year),
held AS (SELECT unit_code, indicator_id FROM shown UNION SELECT unit_code, indicator_id FROM whole),
figures AS (
    SELECT held.unit_code, held.indicator_id,
        shown.value, shown.numerator, shown.denominator, COALESCE(shown.is_suppressed, FALSE) AS is_hidden,
        shown.value - earlier.value AS change,
        whole.value AS value_year, COALESCE(whole.is_suppressed, FALSE) AS is_hidden_year
    FROM held
    LEFT JOIN shown USING (unit_code, indicator_id)
    LEFT JOIN earlier USING (unit_code, indicator_id)
    LEFT JOIN whole USING (unit_code, indicator_id)
    WHERE COALESCE(shown.value, earlier.value, whole.value) IS NOT NULL OR shown.is_suppressed OR whole.is_suppressed
)
SELECT figures.*, indicators.name_vi, indicators.family, indicators.unit_of_measure,
    CASE WHEN change <> 0 AND direction IN ('higher', 'lower') THEN (change > 0) = (direction = 'higher') END AS is_better
FROM figures JOIN indicators USING (indicator_id)
ORDER BY unit_code, indicator_id
