-- Totals of every period by own figures, beside those of the national portal: months first, oldest first within a kind.
-- Totals of other criteria are not comparable: `measured_by` tells which were scored, `is_break` that they are others than
-- in the period before of the same kind. Input: card (a scorecard table). Parameter: $until (last day of data).
WITH scored AS (
    SELECT unit_code, source, period_type, period_start,
        STRING_AGG(criterion_code, ' ' ORDER BY criterion_code) FILTER (criterion_level = 'criterion' AND points IS NOT NULL)
            AS criteria
    FROM card GROUP BY ALL
),
totals AS (
    SELECT unit_code, source, period_type, period_start, period_end, points, denominator, ratio, rank, rank_of,
        MD5(CONCAT_WS('|', card.rubric_version, scored.criteria)) AS measured_by
    FROM card JOIN scored USING (unit_code, source, period_type, period_start)
    WHERE criterion_level = 'total'
),
own AS (
    SELECT *, LAG(measured_by) OVER (PARTITION BY unit_code, period_type ORDER BY period_start, period_end) AS before
    FROM totals WHERE source = 'local'
),
portal AS (SELECT * FROM totals WHERE source = 'portal')
SELECT unit_code, period_type, period_start, period_end, own.points, own.denominator AS reachable, own.ratio, own.rank,
    own.rank_of, own.measured_by, portal.points AS portal_points, portal.ratio AS portal_ratio,
    portal.measured_by AS portal_measured_by, period_end > $until AS is_open,
    COALESCE(own.measured_by <> own.before, FALSE) AS is_break
FROM own FULL JOIN portal USING (unit_code, period_type, period_start, period_end)
ORDER BY unit_code, CASE period_type WHEN 'month' THEN 1 WHEN 'quarter' THEN 2 WHEN 'year' THEN 3 ELSE 4 END,
    period_start, period_end
