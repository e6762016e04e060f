-- Totals of every period, and which criteria were scored in it: totals of other criteria are not comparable.
-- Input: card (a scorecard table).
WITH scored AS (
    SELECT unit_code, source, period_type, period_start,
        STRING_AGG(criterion_code, ' ' ORDER BY criterion_code) FILTER (criterion_level = 'criterion' AND points IS NOT NULL)
            AS criteria
    FROM card GROUP BY ALL
)
SELECT unit_code, unit_level, source, period_type, period_start, period_end, is_provisional, points, max_points,
    denominator AS reachable, ratio, status, reason_vi, rank, rank_of,
    MD5(CONCAT_WS('|', card.rubric_version, scored.criteria)) AS measured_by
FROM card JOIN scored USING (unit_code, source, period_type, period_start)
WHERE criterion_level = 'total'
ORDER BY unit_code, period_start, period_end DESC, source
