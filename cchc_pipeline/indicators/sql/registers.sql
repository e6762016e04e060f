-- The relations of the registers. Input: observations, plan_tasks, inspections, petitions, external_indices, and
-- unit_lineage, periods, run of relations.sql. An event counts on the map of its day, what stands at the end of a period
-- on the map of its last day. Stocks and plans are given by month, quarter, year and free period, not by single day.
CREATE TEMP TABLE register_periods AS
SELECT period_type, period_start, period_end, LEAST(period_end, run.as_of_on) AS day_on FROM periods, run;

-- A flow belongs to the periods that contain it; of periods within one another the longest counts.
CREATE TEMP VIEW observed AS
WITH contained AS (
    SELECT periods.* EXCLUDE (day_on), observations.unit_code AS own_code, measure_code, observed_on, value, total
    FROM observations
    JOIN register_periods AS periods
        ON observations.period_start >= periods.period_start AND observations.observed_on <= periods.day_on
    WHERE measure_kind = 'flow' AND NOT is_overlapping
    QUALIFY observed_on > COALESCE(MAX(observed_on) OVER (
        PARTITION BY period_type, periods.period_start, period_end, observations.unit_code, measure_code
        ORDER BY observations.period_start, observed_on DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), DATE '0001-01-01')
)
SELECT lineage.ancestor_code AS unit_code, period_type, period_start, period_end, measure_code, value, total
FROM contained
JOIN unit_lineage AS lineage
    ON lineage.unit_code = contained.own_code AND observed_on BETWEEN lineage.map_from AND lineage.map_until;

-- The last figure of each unit at or before the end of the period.
CREATE TEMP VIEW observed_at_end AS
WITH kept AS (
    SELECT unit_code, measure_code, observed_on, value, total FROM observations WHERE measure_kind <> 'flow'
),
asked AS (
    SELECT keys.*, periods.*
    FROM (SELECT DISTINCT unit_code AS own_code, measure_code AS code FROM kept) AS keys
    CROSS JOIN (SELECT * FROM register_periods WHERE period_type <> 'day') AS periods
),
last AS (
    SELECT asked.*, kept.value, kept.total
    FROM asked
    ASOF JOIN kept
        ON kept.unit_code = asked.own_code AND kept.measure_code = asked.code AND kept.observed_on <= asked.day_on
)
SELECT lineage.ancestor_code AS unit_code, period_type, period_start, period_end, code AS measure_code,
    units.unit_level AS observed_level, value, total
FROM last
JOIN units ON units.unit_code = last.own_code
JOIN unit_lineage AS lineage
    ON lineage.unit_code = last.own_code AND last.day_on BETWEEN lineage.map_from AND lineage.map_until;

-- The plan of the year in which the period ends, as it stood at its end.
CREATE TEMP VIEW plan AS
SELECT lineage.ancestor_code AS unit_code, period_type, period_start, period_end, plan_year, field_code, task_code,
    COALESCE(finished_on <= day_on, FALSE) AS is_done,
    COALESCE(due_on <= day_on, FALSE) AS is_due,
    COALESCE(finished_on <= due_on, FALSE) AS is_on_time,
    COALESCE(due_on < day_on, FALSE) AND NOT COALESCE(finished_on <= day_on, FALSE) AS is_overdue
FROM plan_tasks
JOIN register_periods AS periods ON plan_year = YEAR(period_end) AND period_type <> 'day'
JOIN unit_lineage AS lineage
    ON lineage.unit_code = plan_tasks.unit_code AND day_on BETWEEN lineage.map_from AND lineage.map_until;

CREATE TEMP VIEW plan_periods AS
SELECT period_type, period_start, period_end FROM register_periods
WHERE period_type <> 'day' AND YEAR(period_end) IN (SELECT plan_year FROM plan_tasks);

CREATE TEMP VIEW inspected AS
SELECT lineage.ancestor_code AS unit_code, period_type, period_start, period_end, inspections.unit_code AS inspected_code
FROM inspections
JOIN register_periods AS periods ON inspected_on BETWEEN period_start AND day_on
JOIN unit_lineage AS lineage
    ON lineage.unit_code = inspections.unit_code AND inspected_on BETWEEN lineage.map_from AND lineage.map_until;

CREATE TEMP VIEW inspection_plan AS
SELECT lineage.ancestor_code AS unit_code, period_type, period_start, period_end,
    COALESCE(inspected_on <= day_on, FALSE) AS is_done
FROM inspections
JOIN register_periods AS periods ON plan_year = YEAR(period_end) AND period_type <> 'day'
JOIN unit_lineage AS lineage
    ON lineage.unit_code = inspections.unit_code AND day_on BETWEEN lineage.map_from AND lineage.map_until
WHERE planned_on IS NOT NULL;

CREATE TEMP VIEW inspection_periods AS
SELECT period_type, period_start, period_end FROM register_periods
WHERE YEAR(period_end) IN (SELECT plan_year FROM inspections);

CREATE TEMP VIEW inspection_plan_periods AS
SELECT period_type, period_start, period_end FROM register_periods
WHERE period_type <> 'day' AND YEAR(period_end) IN (SELECT plan_year FROM inspections WHERE planned_on IS NOT NULL);

CREATE TEMP VIEW petition_events AS
WITH events AS (
    SELECT unit_code AS own_code, kind, 'received' AS event, received_on AS event_on FROM petitions
    UNION ALL
    SELECT unit_code, kind, CASE WHEN answered_on <= due_on THEN 'answered_on_time' WHEN answered_on > due_on THEN 'answered_late' ELSE 'answered_without_due' END, answered_on
    FROM petitions WHERE answered_on IS NOT NULL
)
SELECT lineage.ancestor_code AS unit_code, period_type, period_start, period_end, kind, event
FROM events
JOIN register_periods AS periods ON event_on BETWEEN period_start AND day_on
JOIN unit_lineage AS lineage
    ON lineage.unit_code = events.own_code AND event_on BETWEEN lineage.map_from AND lineage.map_until;

CREATE TEMP VIEW petitions_open AS
SELECT lineage.ancestor_code AS unit_code, period_type, period_start, period_end, kind,
    COALESCE(due_on < day_on, FALSE) AS is_overdue
FROM petitions
JOIN register_periods AS periods
    ON period_type <> 'day' AND received_on <= day_on AND COALESCE(answered_on > day_on, TRUE)
JOIN unit_lineage AS lineage
    ON lineage.unit_code = petitions.unit_code AND day_on BETWEEN lineage.map_from AND lineage.map_until;

-- From the day on which the register begins, "no row" is a zero.
CREATE TEMP VIEW petition_periods AS
SELECT period_type, period_start, period_end FROM register_periods
WHERE day_on >= (SELECT MIN(received_on) FROM petitions);

CREATE TEMP VIEW petition_stock_periods AS
SELECT * FROM petition_periods WHERE period_type <> 'day';

-- An index of a year belongs to periods that contain the whole year; one that is read on a day to periods that contain
-- the day, the last reading counts, and a full year that is over may be read after its end. A unit's own, never rolled up.
CREATE TEMP VIEW indices AS
WITH asked AS (
    SELECT periods.*, external_indices.* EXCLUDE (as_of_on), external_indices.as_of_on AS read_on,
        MAX(external_indices.as_of_on) OVER (PARTITION BY period_type, period_start, period_end, unit_code, index_code) AS last_on
    FROM external_indices
    CROSS JOIN run
    JOIN register_periods AS periods ON external_indices.year = YEAR(period_end) AND period_type <> 'day'
    CROSS JOIN LATERAL (
        SELECT period_start <= MAKE_DATE(external_indices.year, 1, 1) AND period_end = MAKE_DATE(external_indices.year, 12, 31) AS is_whole_year
    )
    WHERE CASE WHEN is_running
        THEN (external_indices.as_of_on BETWEEN period_start AND day_on) OR (is_whole_year AND period_end <= run.as_of_on)
        ELSE is_whole_year
    END
)
SELECT unit_code, period_type, period_start, period_end, index_code,
    MAX(value) AS value, MAX(rank) AS rank, MAX(rank_of) AS rank_of,
    MAX(value_change) AS value_change, MAX(rank_change) AS rank_change
FROM asked
WHERE NOT is_running OR read_on = last_on
GROUP BY ALL
HAVING NOT BOOL_OR(is_contradicted);
