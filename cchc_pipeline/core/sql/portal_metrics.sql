-- Figures of the portal as last read. Input: held (core national_portal__metrics).
SELECT
    unit_code, unit_name, period_type, period_start, period_end, report, group_code, metric_code, metric_name,
    numerator, denominator, ratio_pct, score, max_score, score_delta, growth_pct,
    data_quality_status, data_quality_message, captured_on
FROM held
ORDER BY unit_code, period_type, period_start, metric_code
