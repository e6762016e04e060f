-- PAPI of one year on the map of the 34 provinces, in the order of their statistical codes, which is no rank. What the
-- year does not ask is left out. Input: card (scorecard_papi_today). Parameter: $year.
SELECT unit_code, unit_name, criterion_level, criterion_code, parent_code, criterion_name_vi, criterion_name_en,
    basis, basis = 'range_of_parts' AS has_range, points, points_low, points_high, max_points, parts_vi, reason_vi
FROM card
WHERE YEAR(period_start) = $year AND basis <> 'not_applicable'
ORDER BY gso_code, criterion_code
