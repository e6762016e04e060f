-- Ranks of a province in the last 31 days, by reading. Ranks of another year belong to another stretch of the line. Input:
-- ranks (portal_ranks). Parameter: $unit.
SELECT metric_code, captured_on, rank, CAST(period_start AS VARCHAR) AS stretch
FROM ranks
WHERE period_type = 'year' AND unit_code = $unit AND rank IS NOT NULL
    AND captured_on > (SELECT MAX(captured_on) FROM ranks WHERE period_type = 'year') - 31
ORDER BY metric_code, captured_on
