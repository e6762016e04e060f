-- Total and groups of every province on the portal in the newest reading of the year, with what moved since the reading
-- before and since the one a week before (at least 7 days, not 14). Places gained are told where as many provinces were
-- ranked. Input: ranks (portal_ranks).
WITH years AS (
    SELECT * FROM ranks
    WHERE period_type = 'year' AND unit_code <> 'VN' AND (metric_code = 'TOTAL' OR STARTS_WITH(metric_code, 'GROUP.'))
),
newest AS (
    SELECT MAX(period_start) AS period_start, MAX(captured_on) AS captured_on FROM years
    WHERE captured_on = (SELECT MAX(captured_on) FROM years)
),
weeks AS (
    SELECT MAX(years.captured_on) AS captured_on
    FROM newest
    JOIN years ON years.period_start = newest.period_start
        AND years.captured_on <= newest.captured_on - INTERVAL 7 DAY
        AND years.captured_on > newest.captured_on - INTERVAL 14 DAY
)
SELECT now.unit_code, now.unit_name, now.metric_code, now.period_type, now.period_start, now.period_end, now.captured_on,
    now.score, now.rank, now.rank_of, now.is_tied, now.status, now.reason_vi, now.previous_on, now.score_change,
    now.rank_change, week.captured_on AS week_on, ROUND(now.score - week.score, 2) AS week_score_change,
    CASE WHEN now.rank_of = week.rank_of THEN week.rank - now.rank END AS week_rank_change,
    (SELECT MIN(captured_on) FROM years) AS first_on
FROM newest
JOIN years AS now ON now.period_start = newest.period_start AND now.captured_on = newest.captured_on
CROSS JOIN weeks
LEFT JOIN years AS week
    ON week.period_start = now.period_start AND week.captured_on = weeks.captured_on
    AND week.metric_code = now.metric_code AND week.unit_code = now.unit_code
ORDER BY now.metric_code, now.rank NULLS LAST, now.unit_code
