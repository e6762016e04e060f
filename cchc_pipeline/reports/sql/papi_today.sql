-- PAPI of a province of today, as `papi.sql`; before_low and before_high are the range of the year before, null where it is
-- not known. Input: card (scorecard_papi_today). Parameters: $codes, $last.
WITH rows AS (
    SELECT *, YEAR(period_start) AS year FROM card
    WHERE LIST_CONTAINS($codes, unit_code) AND YEAR(period_start) <= $last
        AND criterion_level IN ('total', 'group') AND basis <> 'not_applicable'
),
years AS (SELECT DISTINCT unit_code, year FROM rows),
known AS (SELECT unit_code, criterion_code, year, points_low, points_high FROM rows WHERE basis <> 'missing')
SELECT rows.*, known.points_low AS before_low, known.points_high AS before_high, years.year IS NOT NULL AS has_before
FROM rows
LEFT JOIN known
    ON known.unit_code = rows.unit_code AND known.criterion_code = rows.criterion_code AND known.year = rows.year - 1
LEFT JOIN years ON years.unit_code = rows.unit_code AND years.year = rows.year - 1
ORDER BY rows.unit_code, rows.year, rows.criterion_level = 'total', rows.criterion_code
