-- The relations of the core family, and what those of other families build on: lineage, period_days, grid.
-- Input: events, procedures, units, snapshots, dossiers, periods, run (as_of_on), unit_lineage.
-- `unit_lineage` pairs every unit with itself and each unit above it, on the map that held from map_from to map_until;
-- an event counts on the map of its day, a stock on that of its last day. Without changes of units there is one map.
-- `lineage` is the map of the last day of data.
CREATE TEMP VIEW lineage AS
SELECT unit_code, ancestor_code FROM unit_lineage JOIN run ON run.as_of_on BETWEEN map_from AND map_until;

CREATE TEMP TABLE period_days AS
SELECT period_type, period_start, period_end,
    UNNEST(GENERATE_SERIES(period_start, LEAST(period_end, run.as_of_on), INTERVAL 1 DAY))::DATE AS day_on
FROM periods, run;

-- For which units a procedure counts, on every map: for the unit in charge and those above it. What a district or a commune
-- executes without being in charge counts for every unit of that level: sums over communes are more than the whole.
CREATE TEMP TABLE procedure_reach AS
WITH held AS (
    SELECT unit_code AS charge_code, executing_level FROM procedures
    UNION
    SELECT unit_code, executing_level FROM snapshots
)
SELECT held.charge_code, held.executing_level, lineage.ancestor_code AS unit_code, lineage.map_from, lineage.map_until
FROM held
JOIN unit_lineage AS lineage ON lineage.unit_code = held.charge_code
UNION
SELECT held.charge_code, held.executing_level, units.unit_code, alive.map_from, alive.map_until
FROM held
JOIN units ON units.unit_level = held.executing_level AND units.unit_level IN ('district', 'commune')
JOIN unit_lineage AS alive ON alive.ancestor_code = units.unit_code AND alive.is_alive
LEFT JOIN units AS charge ON charge.unit_code = held.charge_code
WHERE COALESCE(charge.unit_level, 'province') NOT IN ('district', 'commune');

-- On every map the events up to its last day: those of its own days are flows, all together they make its stocks.
CREATE TEMP TABLE mapped_events AS
SELECT lineage.map_from, lineage.map_until, lineage.ancestor_code AS unit_code, events.event_on, events.procedure_code, events.channel, events.measure,
    -- the level of the unit that handles the dossier or sends the document
    handling.unit_level AS handling_level,
    SUM(events.quantity) AS quantity,
    COALESCE(ANY_VALUE(procedures.has_fee), FALSE) AS procedure_has_fee,
    COALESCE(ANY_VALUE(procedures.service_level) IN ('full', 'partial'), FALSE) AS procedure_is_online,
    -- whether the procedure counts for the unit, see procedure_reach
    COUNT(reach.unit_code) > 0 AS procedure_is_own
FROM events
JOIN unit_lineage AS lineage ON lineage.unit_code = events.unit_code AND events.event_on <= lineage.map_until
LEFT JOIN units AS handling ON handling.unit_code = events.unit_code
LEFT JOIN procedures ON procedures.procedure_code = events.procedure_code
LEFT JOIN procedure_reach AS reach
    ON reach.charge_code = procedures.unit_code AND reach.executing_level = procedures.executing_level
    AND reach.unit_code = lineage.ancestor_code AND reach.map_from = lineage.map_from
GROUP BY ALL;

CREATE TEMP VIEW unit_events AS
SELECT * EXCLUDE (map_from, map_until) FROM mapped_events WHERE event_on >= map_from;

CREATE TEMP VIEW flow AS
SELECT unit_events.*, period_days.period_type, period_days.period_start, period_days.period_end
FROM unit_events JOIN period_days ON period_days.day_on = unit_events.event_on;

-- The last day of each period on which the catalogue was counted; a measure without a row on it is zero.
CREATE TEMP TABLE snapshot_periods AS
SELECT period_type, period_start, period_end, MAX(day_on) AS day_on
FROM period_days SEMI JOIN snapshots ON snapshots.event_on = period_days.day_on
GROUP BY ALL;

CREATE TEMP VIEW snapshot AS
SELECT reach.unit_code, snapshots.measure, snapshots.quantity,
    snapshot_periods.period_type, snapshot_periods.period_start, snapshot_periods.period_end
FROM snapshot_periods
JOIN snapshots ON snapshots.event_on = snapshot_periods.day_on
JOIN procedure_reach AS reach
    ON reach.charge_code = snapshots.unit_code AND reach.executing_level IS NOT DISTINCT FROM snapshots.executing_level
    AND snapshot_periods.day_on BETWEEN reach.map_from AND reach.map_until;

CREATE TEMP VIEW resolved AS
SELECT lineage.ancestor_code AS unit_code, dossiers.handling_working_days,
    period_days.period_type, period_days.period_start, period_days.period_end
FROM dossiers
JOIN unit_lineage AS lineage
    ON lineage.unit_code = dossiers.unit_code AND dossiers.closed_on BETWEEN lineage.map_from AND lineage.map_until
JOIN period_days ON period_days.day_on = dossiers.closed_on
WHERE dossiers.handling_working_days IS NOT NULL;

-- A unit has rows in the periods in which it exists; elsewhere only where something was counted for it all the same.
CREATE TEMP TABLE grid AS
SELECT units.unit_code, units.unit_level, periods.period_type, periods.period_start, periods.period_end,
    COALESCE(BOOL_OR(alive.is_alive), FALSE) AS is_alive
FROM units
CROSS JOIN periods
CROSS JOIN run
LEFT JOIN (SELECT DISTINCT ancestor_code, map_from, map_until, is_alive FROM unit_lineage) AS alive
    ON alive.ancestor_code = units.unit_code AND alive.map_from <= LEAST(periods.period_end, run.as_of_on)
    AND alive.map_until >= periods.period_start
GROUP BY ALL;
