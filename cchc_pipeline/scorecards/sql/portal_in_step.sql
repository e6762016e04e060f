-- Figures that two reports of the portal, or a report and its own list, give for one unit and period, and that differ;
-- and periods whose reports were read on different days. Input: held (core national_portal__metrics). Only periods that
-- were read within the last week of readings: an old difference is no news.
WITH recent AS (
    SELECT period_type, period_start
    FROM held
    GROUP BY period_type, period_start
    HAVING MAX(captured_on) >= (SELECT MAX(captured_on) FROM held) - INTERVAL 7 DAY
),
current_figures AS (
    SELECT held.unit_code, held.period_type, held.period_start, held.report, held.metric_code, held.numerator,
        held.denominator, held.captured_on
    FROM held
    JOIN recent ON recent.period_type = held.period_type AND recent.period_start = held.period_start
),
counts AS (
    SELECT unit_code, period_type, period_start, report, captured_on, MIN(SPLIT_PART(unit_code, '.', 1)) AS root,
        MAX(CASE
            WHEN report = 'dvc-progress-tree' AND metric_code = 'DOSSIER_ON_TIME' THEN denominator
            WHEN report = 'dossier-digitized' AND metric_code = 'ORIGINAL_RESULT_AVAILABLE' THEN denominator
            WHEN report = 'handling-satisfaction' AND metric_code = 'FIELD.totalDossiers' THEN numerator
        END) AS received,
        MAX(CASE
            WHEN report = 'service-results' AND metric_code = 'FIELD.onlineDossier.ONLINE' THEN numerator
            WHEN report = 'provide-online-tree' AND metric_code = 'ONLINE_DOSSIERS' THEN numerator
        END) AS received_online
    FROM current_figures
    GROUP BY unit_code, period_type, period_start, report, captured_on
),
stated AS (
    SELECT unit_code, period_type, period_start, 'received' AS figure, report, received AS quantity
    FROM counts WHERE received IS NOT NULL
    UNION ALL
    SELECT unit_code, period_type, period_start, 'received online' AS figure, report, received_online AS quantity
    FROM counts WHERE received_online IS NOT NULL
),
summed AS (
    SELECT root AS unit_code, period_type, period_start, 'received' AS figure,
        CONCAT(report, ', sum of its units') AS report, SUM(received) AS quantity
    FROM counts
    WHERE received IS NOT NULL AND unit_code <> root AND report <> 'handling-satisfaction'
    GROUP BY root, period_type, period_start, report
),
days AS (
    SELECT SPLIT_PART(unit_code, '.', 1) AS unit_code, period_type, period_start, report, MAX(captured_on) AS read_on
    FROM current_figures
    WHERE captured_on IS NOT NULL
    GROUP BY SPLIT_PART(unit_code, '.', 1), period_type, period_start, report
),
newest AS (
    SELECT unit_code, period_type, period_start, MAX(read_on) AS read_on, ARG_MAX(report, read_on) AS report
    FROM days
    GROUP BY unit_code, period_type, period_start
)
SELECT one.unit_code, one.period_type, one.period_start, one.figure, one.report, one.quantity,
    other.report AS other_report, other.quantity AS other_quantity, NULL AS read_on, NULL AS other_read_on
FROM stated AS one
JOIN (SELECT * FROM stated UNION ALL SELECT * FROM summed) AS other
    ON other.unit_code = one.unit_code AND other.period_type = one.period_type
    AND other.period_start = one.period_start AND other.figure = one.figure
    AND other.quantity <> one.quantity
    AND (
        other.report > one.report AND NOT CONTAINS(other.report, ',')
        OR other.report = CONCAT(one.report, ', sum of its units')
    )
UNION ALL
SELECT one.unit_code, one.period_type, one.period_start, 'read on' AS figure, one.report, NULL AS quantity,
    other.report AS other_report, NULL AS other_quantity, one.read_on, other.read_on AS other_read_on
FROM newest AS one
JOIN days AS other
    ON other.unit_code = one.unit_code AND other.period_type = one.period_type
    AND other.period_start = one.period_start AND other.read_on < one.read_on
ORDER BY period_start DESC, period_type, unit_code, figure, report, other_report
