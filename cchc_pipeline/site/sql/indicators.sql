-- Public figures of every unit: the period shown, the one before, and the year. Input: public
-- (indicator_values_public). Parameters: $period_type, $shown, $before, $year (first days; null where there is none).
WITH shown AS (SELECT * FROM public WHERE period_type = $period_type AND period_start = $shown),
earlier AS (SELECT * FROM public WHERE period_type = $period_type AND period_start = $before),
whole AS (SELECT * FROM public WHERE period_type = 'year' AND period_start = $year),
held AS (SELECT unit_code, indicator_id FROM shown UNION SELECT unit_code, indicator_id FROM whole)
SELECT held.unit_code, held.indicator_id,
    shown.value, shown.numerator, shown.denominator, COALESCE(shown.is_suppressed, FALSE) AS is_hidden,
    earlier.value AS value_before, COALESCE(earlier.is_suppressed, FALSE) AS is_hidden_before,
    whole.value AS value_year, COALESCE(whole.is_suppressed, FALSE) AS is_hidden_year
FROM held
LEFT JOIN shown USING (unit_code, indicator_id)
LEFT JOIN earlier USING (unit_code, indicator_id)
LEFT JOIN whole USING (unit_code, indicator_id)
ORDER BY ALL
