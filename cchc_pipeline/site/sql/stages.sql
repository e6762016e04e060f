-- What each stage of the appraisal gave to PAR INDEX in the year that is shown, beside what the pipeline computes and what
-- counts. Input: card (scorecard_par_index). Parameter: $shown (first day of the year).
SELECT unit_code, criterion_level, criterion_code, parent_code, max_points, counted_stage, computed_points,
    self_points, first_points, second_points, survey_points, appraisal_difference
FROM card
WHERE source = 'local' AND period_type = 'year' AND period_start = $shown
ORDER BY unit_code, criterion_code
