-- An indicator of a unit by period, oldest first. Input: held (indicator_values, or indicator_values_today with is_exact
-- and note_vi). Parameters: $indicator, $unit, $kind, $first, $last (null: no limit).
SELECT * FROM held
WHERE indicator_id = $indicator AND unit_code = $unit AND period_type = $kind
    AND ($first IS NULL OR period_end >= $first) AND ($last IS NULL OR period_start <= $last)
ORDER BY period_start
