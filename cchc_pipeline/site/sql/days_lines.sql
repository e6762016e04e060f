-- Totals of the last 31 days, night by night: each night's month as it stood then. Points of another month, version or
-- maximum belong to another stretch of the line. Input: days (score_days).
SELECT source, unit_code, night_on, points, is_older_figure,
    CONCAT_WS('|', period_start, rubric_version, denominator) AS stretch
FROM days
WHERE criterion_level = 'total' AND period_start <= night_on AND period_end >= night_on
    AND night_on > (SELECT MAX(night_on) FROM days) - 31
ORDER BY source, unit_code, night_on
