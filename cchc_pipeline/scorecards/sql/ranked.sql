-- Names of units, and ranks of totals among units of the same level in the same period and source.
-- Input: card (SCORECARD_SCHEMA and band_vi), units (unit_code, unit_name, unit_level).
WITH named AS (
    SELECT *, criterion_level = 'total' AND ratio IS NOT NULL AS is_ranked FROM card LEFT JOIN units USING (unit_code)
)
SELECT * EXCLUDE (is_ranked),
    CASE WHEN is_ranked THEN RANK() OVER (alike ORDER BY ratio DESC) END AS rank,
    CASE WHEN is_ranked THEN COUNT(*) OVER alike END AS rank_of
FROM named
WINDOW alike AS (PARTITION BY is_ranked, source, period_type, period_start, period_end, unit_level)
