-- PAPI of surveyed provinces, totals and dimensions of every year up to $last, with the points of the year before; the
-- total is last. `has_before`: whether the year before was surveyed. Input: card (scorecard_papi). Parameters: $codes, $last.
WITH rows AS (
    SELECT *, YEAR(period_start) AS year FROM card
    WHERE LIST_CONTAINS($codes, unit_code) AND YEAR(period_start) <= $last
        AND criterion_level IN ('total', 'group') AND status <> 'not_applicable'
),
years AS (SELECT DISTINCT unit_code, year FROM rows)
SELECT rows.*, earlier.points AS before, years.year IS NOT NULL AS has_before
FROM rows
LEFT JOIN rows AS earlier
    ON earlier.unit_code = rows.unit_code AND earlier.criterion_code = rows.criterion_code AND earlier.year = rows.year - 1
LEFT JOIN years ON years.unit_code = rows.unit_code AND years.year = rows.year - 1
ORDER BY rows.unit_code, rows.year, rows.criterion_level = 'total', rows.criterion_code
