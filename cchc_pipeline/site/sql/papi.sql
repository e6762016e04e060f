-- PAPI of one year with the change against the year before, told only within a stretch of comparable years. What the
-- year does not ask is left out.
-- Input: card (scorecard_papi). Parameter: $year.
WITH rows AS (SELECT *, YEAR(period_start) AS year FROM card)
SELECT shown.unit_code, shown.unit_name, shown.criterion_level, shown.criterion_code, shown.parent_code,
    shown.criterion_name_vi, shown.criterion_name_en, shown.points, shown.max_points, shown.ratio, shown.status,
    shown.reason_vi, shown.rank, shown.rank_of, shown.tier,
    CASE WHEN shown.comparable_since <= $year - 1 THEN ROUND(shown.points - earlier.points, 4) END AS change
FROM rows AS shown
LEFT JOIN rows AS earlier
    ON earlier.unit_code = shown.unit_code AND earlier.criterion_code = shown.criterion_code
    AND earlier.year = $year - 1
WHERE shown.year = $year AND shown.status <> 'not_applicable'
ORDER BY shown.unit_code, shown.criterion_code
