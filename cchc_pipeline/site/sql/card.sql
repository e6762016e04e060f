-- The rows of one scorecard and source in the period that is shown, beside the period before and the one that still
-- runs. Input: card (a scorecard table), public (indicator_values_public).
-- Parameters: $source, $period_type, $shown, $before, $running (first days of periods; null where there is none).
--
-- has_counts: numerator and denominator may be shown to everybody. A count of ours may where the public table shows the
-- very same one; documents and the national portal's own figures are public by themselves.
-- Published points of a group of QĐ 766 that its own criteria stand for have no row here.
-- A change is told only between points of the same rule and maximum, of sums only within a version of the rubric.
WITH rows AS (
    SELECT *, CASE WHEN STARTS_WITH(evidence, 'indicator_values:') THEN SPLIT_PART(evidence, ':', 2) END AS indicator_id
    FROM card WHERE source = $source AND period_type = $period_type
),
earlier AS (SELECT * FROM rows WHERE period_start = $before),
running AS (SELECT * FROM rows WHERE period_start = $running)
SELECT
    shown.unit_code, shown.index_code, shown.rubric_version, shown.is_provisional, shown.criterion_level,
    shown.criterion_code, shown.parent_code, shown.criterion_name_vi, shown.criterion_name_en, shown.rule,
    shown.numerator, shown.denominator, shown.ratio, shown.points, shown.max_points, shown.points_lost, shown.status,
    shown.reason_vi, shown.evidence, shown.indicator_id, shown.band_vi, shown.rank, shown.rank_of,
    shown.indicator_id IS NULL OR COALESCE(
        NOT public.is_suppressed
        AND public.numerator IS NOT DISTINCT FROM shown.numerator
        AND public.denominator IS NOT DISTINCT FROM shown.denominator, FALSE
    ) AS has_counts,
    CASE WHEN CASE WHEN shown.criterion_level = 'criterion'
        THEN shown.max_points = earlier.max_points AND shown.rule = earlier.rule
        ELSE shown.rubric_version = earlier.rubric_version
            AND shown.denominator IS NOT DISTINCT FROM earlier.denominator END
        THEN ROUND(shown.points - earlier.points, 4) END AS change,
    earlier.rank AS rank_before,
    running.points AS points_running
FROM rows AS shown
LEFT JOIN earlier USING (unit_code, criterion_code)
LEFT JOIN running USING (unit_code, criterion_code)
LEFT JOIN public
    ON public.indicator_id = shown.indicator_id AND public.unit_code = shown.unit_code
    AND public.period_type = shown.period_type AND public.period_start = shown.period_start
WHERE shown.period_start = $shown
    AND NOT (shown.index_code = 'index766' AND shown.rule = 'carried' AND shown.status = 'not_applicable')
ORDER BY shown.unit_code, shown.criterion_code
