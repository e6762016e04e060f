-- What the portal says of each unit, month and criterion, when it was read, and whether on this night. A group's row is that
-- of the published group. Input: metrics (national_portal__metrics), names (metric_code, criterion_code), landed (unit_code,
-- period_type, period_start, metric_code of what was staged on this night or later), before (score_days of the night before).
-- Parameter: $night. A figure of another day of the clock than before was read as well, whatever day it was landed for.
SELECT metrics.unit_code, metrics.period_type, metrics.period_start, names.criterion_code,
    MIN(metrics.captured_on) AS captured_on,
    BOOL_AND(
        landed.metric_code IS NOT NULL OR COALESCE(metrics.captured_on > COALESCE(before.captured_on, $night), FALSE)
    ) AS is_read,
    MAX(metrics.score_delta) AS portal_score_delta, MAX(metrics.growth_pct) AS portal_growth_pct
FROM metrics
JOIN names ON names.metric_code = metrics.metric_code
LEFT JOIN landed
    ON landed.unit_code = metrics.unit_code AND landed.period_type = metrics.period_type
    AND landed.period_start = metrics.period_start AND landed.metric_code = metrics.metric_code
LEFT JOIN before
    ON before.source = 'portal' AND before.unit_code = metrics.unit_code AND before.period_type = metrics.period_type
    AND before.period_start = metrics.period_start AND before.criterion_code = names.criterion_code
WHERE metrics.period_type = 'month'
GROUP BY metrics.unit_code, metrics.period_type, metrics.period_start, names.criterion_code
