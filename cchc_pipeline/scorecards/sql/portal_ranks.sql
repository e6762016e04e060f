-- Ranks of the provinces on the portal on each night, and their changes since the reading before and a month before.
-- Input: held (core national_portal__provinces). A province that any reading of the period had is missing in the others
-- with a reason. The country (VN) has no rank. Equal scores share the better rank.
WITH readings AS (
    SELECT period_type, period_start, period_end, captured_on,
        LAG(captured_on) OVER (PARTITION BY period_type, period_start ORDER BY captured_on) AS previous_on
    FROM (SELECT DISTINCT period_type, period_start, period_end, captured_on FROM held) AS days
),
dated AS (
    SELECT readings.period_type, readings.period_start, readings.period_end, readings.captured_on,
        MAX(readings.previous_on) AS previous_on, MAX(before.captured_on) AS month_before_on
    FROM readings
    LEFT JOIN readings AS before
        ON before.period_type = readings.period_type
        AND before.period_start = readings.period_start
        AND before.captured_on <= readings.captured_on - INTERVAL 1 MONTH
    GROUP BY readings.period_type, readings.period_start, readings.period_end, readings.captured_on
),
known AS (
    SELECT period_type, period_start, metric_code, unit_code, ARG_MAX(unit_name, captured_on) AS unit_name
    FROM held
    GROUP BY period_type, period_start, metric_code, unit_code
),
figures AS (
    SELECT dated.period_type, dated.period_start, dated.period_end, dated.captured_on, dated.previous_on,
        dated.month_before_on, known.metric_code, known.unit_code,
        COALESCE(held.unit_name, known.unit_name) AS unit_name, held.score, held.score_delta,
        held.unit_code IS NOT NULL AS is_listed,
        known.unit_code <> 'VN' AND held.score IS NOT NULL AS is_ranked
    FROM dated
    JOIN known ON known.period_type = dated.period_type AND known.period_start = dated.period_start
    LEFT JOIN held
        ON held.period_type = dated.period_type AND held.period_start = dated.period_start
        AND held.captured_on = dated.captured_on AND held.metric_code = known.metric_code
        AND held.unit_code = known.unit_code
),
ranked AS (
    SELECT *,
        CASE WHEN is_ranked THEN RANK() OVER (
            PARTITION BY period_type, period_start, captured_on, metric_code, is_ranked ORDER BY score DESC
        ) END AS rank,
        CASE WHEN is_ranked THEN COUNT(*) OVER (
            PARTITION BY period_type, period_start, captured_on, metric_code, is_ranked
        ) END AS rank_of,
        is_ranked AND COUNT(*) OVER (
            PARTITION BY period_type, period_start, captured_on, metric_code, is_ranked, score
        ) > 1 AS is_tied
    FROM figures
)
SELECT
    now.period_type,
    now.period_start,
    now.period_end,
    now.captured_on,
    now.metric_code,
    now.unit_code,
    now.unit_name,
    now.score,
    now.score_delta,
    CASE WHEN now.score IS NULL THEN 'missing' ELSE 'ok' END AS status,
    CASE
        WHEN now.score IS NOT NULL THEN NULL
        WHEN now.is_listed THEN 'Cổng không công bố điểm này trong lần lấy số liệu đó.'
        ELSE 'Không có trong danh sách các tỉnh của Cổng ở lần lấy số liệu đó.'
    END AS reason_vi,
    now.rank,
    now.rank_of,
    now.is_tied,
    now.previous_on,
    ROUND(now.score - previous.score, 2) AS score_change,
    CASE WHEN now.rank_of = previous.rank_of THEN previous.rank - now.rank END AS rank_change,
    now.month_before_on,
    ROUND(now.score - month_before.score, 2) AS month_score_change,
    CASE WHEN now.rank_of = month_before.rank_of THEN month_before.rank - now.rank END AS month_rank_change
FROM ranked AS now
LEFT JOIN ranked AS previous
    ON previous.period_type = now.period_type AND previous.period_start = now.period_start
    AND previous.captured_on = now.previous_on AND previous.metric_code = now.metric_code
    AND previous.unit_code = now.unit_code
LEFT JOIN ranked AS month_before
    ON month_before.period_type = now.period_type AND month_before.period_start = now.period_start
    AND month_before.captured_on = now.month_before_on AND month_before.metric_code = now.metric_code
    AND month_before.unit_code = now.unit_code
ORDER BY now.period_type, now.period_start, now.captured_on, now.metric_code, now.unit_code
