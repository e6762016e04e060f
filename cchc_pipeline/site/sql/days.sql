-- The newest night of score_days. Counts of our own figures are left out: two nights beside each other would tell small
-- numbers, and so are the codes of dossiers. How many dossiers moved a score is told from $fewest on. Input: days (score_days).
SELECT night_on, source, unit_code, unit_level, period_type, period_start, period_end, criterion_level, criterion_code,
    parent_code, criterion_name_vi, criterion_name_en, points, denominator AS reachable, max_points, rank, rank_of,
    before_on, points_before, rank_before, change, change_reason_vi, week_before_on, points_week_before, change_week,
    change_week_reason_vi, direction, streak_nights, move_order, moved_by, is_older_figure, captured_on,
    portal_score_delta, portal_growth_pct, peers_count, peers_first_quartile, peers_median, peers_third_quartile,
    explain_command, dossiers_moved_count >= $fewest AS is_count_told,
    CASE WHEN dossiers_moved_count >= $fewest THEN dossiers_moved_count END AS dossiers_moved,
    CASE WHEN source = 'local' AND criterion_level = 'criterion' AND change_week <> 0 THEN CONCAT(
        'cchc explain ', criterion_code, ' --unit ', unit_code, ' --from ', period_start, ' --to ',
        LEAST(period_end, night_on), ' --since ', week_before_on, ' --until ', night_on
    ) END AS week_command,
    criterion_level = 'criterion' AND source = 'portal' AS has_counts,
    CASE WHEN source = 'portal' THEN numerator END AS numerator,
    CASE WHEN source = 'portal' THEN denominator END AS denominator,
    CASE WHEN source = 'portal' THEN numerator_before END AS numerator_before,
    CASE WHEN source = 'portal' THEN denominator_before END AS denominator_before
FROM days
WHERE night_on = (SELECT MAX(night_on) FROM days)
ORDER BY source, period_start DESC, unit_code, criterion_code
