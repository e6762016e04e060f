-- The relations of the core family, and what those of other families build on: lineage, period_days, grid. Input: events, procedures, units, snapshots, dossiers,
-- periods, run (as_of_on). `lineage` pairs every unit with itself and each unit above it, so that roll-up is one join.
CREATE TEMP VIEW lineage AS
WITH RECURSIVE above AS (
    SELECT unit_code, unit_code AS ancestor_code FROM units
    UNION
    SELECT above.unit_code, units.parent_code FROM above JOIN units ON units.unit_code = above.ancestor_code
    WHERE units.parent_code IS NOT NULL
)
SELECT unit_code, ancestor_code FROM above;

CREATE TEMP TABLE period_days AS
SELECT period_type, period_start, period_end,
    UNNEST(GENERATE_SERIES(period_start, LEAST(period_end, run.as_of_on), INTERVAL 1 DAY))::DATE AS day_on
FROM periods, run;

CREATE TEMP TABLE unit_events AS
SELECT lineage.ancestor_code AS unit_code, events.event_on, events.procedure_code, events.channel, events.measure,
    SUM(events.quantity) AS quantity,
    COALESCE(ANY_VALUE(procedures.has_fee), FALSE) AS procedure_has_fee,
    COALESCE(ANY_VALUE(procedures.service_level) IN ('full', 'partial'), FALSE) AS procedure_is_online,
    -- whether the unit itself, or one below it, is in charge of the procedure
    COUNT(charge.unit_code) > 0 AS procedure_is_own
FROM events
JOIN lineage ON lineage.unit_code = events.unit_code
LEFT JOIN procedures ON procedures.procedure_code = events.procedure_code
LEFT JOIN lineage AS charge
    ON charge.unit_code = procedures.unit_code AND charge.ancestor_code = lineage.ancestor_code
GROUP BY ALL;

CREATE TEMP VIEW flow AS
SELECT unit_events.*, period_days.period_type, period_days.period_start, period_days.period_end
FROM unit_events JOIN period_days ON period_days.day_on = unit_events.event_on;

-- The last day of each period on which the catalogue was counted; a measure without a row on it is zero.
CREATE TEMP TABLE snapshot_periods AS
SELECT period_type, period_start, period_end, MAX(day_on) AS day_on
FROM period_days SEMI JOIN snapshots ON snapshots.event_on = period_days.day_on
GROUP BY ALL;

CREATE TEMP VIEW snapshot AS
SELECT lineage.ancestor_code AS unit_code, snapshots.measure, snapshots.quantity,
    snapshot_periods.period_type, snapshot_periods.period_start, snapshot_periods.period_end
FROM snapshot_periods
JOIN snapshots ON snapshots.event_on = snapshot_periods.day_on
JOIN lineage ON lineage.unit_code = snapshots.unit_code;

CREATE TEMP VIEW resolved AS
SELECT lineage.ancestor_code AS unit_code, dossiers.handling_working_days,
    period_days.period_type, period_days.period_start, period_days.period_end
FROM dossiers
JOIN lineage ON lineage.unit_code = dossiers.unit_code
JOIN period_days ON period_days.day_on = dossiers.closed_on
WHERE dossiers.handling_working_days IS NOT NULL;

CREATE TEMP TABLE grid AS
SELECT units.unit_code, units.unit_level, periods.period_type, periods.period_start, periods.period_end
FROM units
CROSS JOIN periods;
