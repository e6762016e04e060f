-- What each cause changes in each figure of each unit with everything below it, and what no cause explains.
-- Input: moved (step, cause, period, unit_code, procedure_code, dossier_id, f_<figure>: the change; step 0 is our own
-- count), unit_lineage, run, units, figures (figure, metric, side, is_distinct), metrics (what the portal shows).
WITH lineage AS (
    SELECT unit_code, ancestor_code FROM unit_lineage JOIN run ON run.as_of_on BETWEEN map_from AND map_until
),
portal AS (
    SELECT period_type, period_start, period_end, unit_code, figure,
        CASE side WHEN 'numerator' THEN numerator ELSE denominator END AS portal_value
    FROM metrics JOIN figures ON figures.metric = metrics.metric_code SEMI JOIN units USING (unit_code)
),
long AS (
    UNPIVOT moved ON COLUMNS('^f_') INTO NAME figure VALUE change
),
by_procedure AS (
    SELECT step, cause, period_type, period_start, period_end, lineage.ancestor_code AS unit_code, procedure_code,
        SUBSTR(figure, 3) AS figure, SUM(change) AS change, SUM(ABS(change)) AS dossiers
    FROM long JOIN lineage ON lineage.unit_code = long.unit_code
    GROUP BY ALL
),
running AS (
    SELECT *, SUM(change) OVER (
        PARTITION BY period_type, period_start, unit_code, procedure_code, figure ORDER BY step
    ) AS after
    FROM by_procedure
),
effects AS (
    SELECT step, cause, period_type, period_start, unit_code, figure,
        -- A figure of distinct procedures changes only where a procedure's first dossier comes or its last one goes.
        SUM(CASE WHEN is_distinct THEN (after > 0)::INTEGER - (after - change > 0)::INTEGER ELSE change END) AS effect,
        SUM(dossiers) AS dossiers
    FROM running JOIN figures USING (figure)
    GROUP BY ALL
),
totals AS (
    SELECT portal.*,
        COALESCE(SUM(effect) FILTER (step = 0), 0) AS local_value,
        COALESCE(SUM(effect), 0) AS expected_value
    FROM portal LEFT JOIN effects USING (period_type, period_start, unit_code, figure)
    GROUP BY ALL
)
SELECT totals.*, effects.cause, effects.step, effects.effect, effects.dossiers
FROM totals JOIN effects USING (period_type, period_start, unit_code, figure)
WHERE effects.step > 0
UNION ALL BY NAME
SELECT totals.*, $unexplained AS cause, $last_step AS step, COALESCE(portal_value, 0) - expected_value AS effect,
    NULL AS dossiers
FROM totals
-- Where the portal has no figure and none is expected, there is nothing to compare.
WHERE portal_value IS NOT NULL OR expected_value <> 0
