-- Ranked totals of a scorecard and the parts that they are made of. A unit alone in its level has no order to be sure of.
-- Input: card (a published scorecard), $part_level (criterion_level of the parts), $total (criterion_code of the total),
-- $every (all periods; else the newest 6 months, 4 quarters and 3 years of each source).
WITH ranked AS (
    SELECT * FROM card
    WHERE criterion_code = $total AND rank IS NOT NULL AND rank_of >= 2 AND period_type IN ('month', 'quarter', 'year')
    QUALIFY $every OR DENSE_RANK() OVER (PARTITION BY source, period_type ORDER BY period_start DESC)
        <= CASE period_type WHEN 'month' THEN 6 WHEN 'quarter' THEN 4 ELSE 3 END
)
SELECT ranked.source, ranked.period_type, ranked.period_start, ranked.unit_level, ranked.unit_code, ranked.unit_name,
    ranked.rubric_version, ranked.rank, ranked.rank_of, part.criterion_code, part.numerator, part.denominator, part.points, part.status
FROM ranked JOIN card AS part USING (source, period_type, period_start, period_end, unit_code)
WHERE part.criterion_code = $total OR (part.criterion_level = $part_level AND part.status <> 'not_applicable')
ORDER BY ALL
