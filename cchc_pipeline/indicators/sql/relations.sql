-- The relations of the core family, and what those of other families build on: lineage, period_days, steps, grid.
-- Input: dossier_events, document_events, procedures, units, procedure_counts, dossiers, periods, run (first_on, as_of_on),
-- unit_lineage. `/* item: … */` is a column that keeps what was counted: `cchc explain` reads the files with these columns.
-- `unit_lineage` pairs every unit with itself and each unit above it, on the map that held from map_from to map_until;
-- an event counts on the map of its day, a stock on that of its last day. Without changes of units there is one map.
-- `lineage` is the map of the last day of data.
CREATE TEMP VIEW lineage AS
SELECT unit_code, ancestor_code FROM unit_lineage JOIN run ON run.as_of_on BETWEEN map_from AND map_until;

CREATE TEMP VIEW events AS
SELECT /* item: item_id, */ event_on, unit_code, procedure_code, channel, measure, quantity FROM dossier_events
UNION ALL
SELECT /* item: item_id, */ event_on, unit_code, procedure_code, channel, measure, quantity FROM document_events;

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
    SELECT unit_code, executing_level FROM procedure_counts
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

-- Time is cut wherever a period begins or ends and wherever the map changes: between two cuts, in a step, nothing needs
-- to be told apart by day. Where single days are asked for, steps are days; for months alone they are months. A span is
-- what steps would be without the single days.
CREATE TEMP TABLE steps AS
WITH earliest AS (
    SELECT LEAST(MIN(event_on), ANY_VALUE(first_on)) AS cut_on FROM run LEFT JOIN events ON TRUE
),
cuts AS (
    SELECT cut_on, TRUE AS is_span FROM earliest
    UNION ALL
    SELECT first_on, TRUE FROM run
    UNION ALL
    SELECT map_from, TRUE FROM unit_lineage
    UNION ALL
    SELECT period_start, period_type <> 'day' FROM periods
    UNION ALL
    SELECT period_end + 1, period_type <> 'day' FROM periods
),
within_data AS (
    SELECT cuts.cut_on, BOOL_OR(is_span) AS is_span, ANY_VALUE(as_of_on) AS as_of_on
    FROM cuts JOIN run ON cuts.cut_on <= as_of_on JOIN earliest ON cuts.cut_on >= earliest.cut_on
    GROUP BY cuts.cut_on
)
SELECT cut_on AS step_start, COALESCE(LEAD(cut_on) OVER by_day - 1, as_of_on) AS step_end,
    MAX(CASE WHEN is_span THEN cut_on END) OVER by_day AS span_start
FROM within_data
WINDOW by_day AS (ORDER BY cut_on);

CREATE TEMP TABLE step_days AS
SELECT *, UNNEST(GENERATE_SERIES(step_start, step_end, INTERVAL 1 DAY))::DATE AS day_on FROM steps;

-- The steps of a period, to date.
CREATE TEMP TABLE period_steps AS
SELECT period_type, period_start, period_end, step_start, step_end
FROM periods JOIN steps ON step_start BETWEEN period_start AND period_end;

-- What was counted, by the unit that counted it: sums are made of this before they are rolled up.
CREATE TEMP TABLE own_events AS
SELECT /* item: events.item_id, */
    events.unit_code AS own_code, step_days.step_start, step_days.step_end, events.channel, events.measure,
    SUM(events.quantity) AS quantity,
    -- the level of the unit that handles the dossier or sends the document
    ANY_VALUE(handling.unit_level) AS handling_level
FROM events
JOIN step_days ON step_days.day_on = events.event_on
LEFT JOIN units AS handling ON handling.unit_code = events.unit_code
GROUP BY ALL;

-- Every unit's own figures in it and in each unit above it, in the periods that they belong to.
CREATE TEMP VIEW flow AS
SELECT own_events.*, lineage.ancestor_code AS unit_code,
    period_steps.period_type, period_steps.period_start, period_steps.period_end
FROM own_events
JOIN unit_lineage AS lineage
    ON lineage.unit_code = own_events.own_code AND own_events.step_start BETWEEN lineage.map_from AND lineage.map_until
JOIN period_steps ON period_steps.step_start = own_events.step_start;

-- On every map everything up to its last day: together it makes the stocks of its days.
CREATE TEMP VIEW accrued AS
SELECT own_events.*, lineage.ancestor_code AS unit_code, lineage.map_from, lineage.map_until
FROM own_events
JOIN unit_lineage AS lineage ON lineage.unit_code = own_events.own_code AND own_events.step_end <= lineage.map_until;

-- The last day of each period on which the catalogue was counted; a measure without a row on it is zero.
CREATE TEMP TABLE snapshot_periods AS
SELECT period_type, period_start, period_end, MAX(day_on) AS day_on
FROM period_days SEMI JOIN procedure_counts AS counts ON counts.event_on = period_days.day_on
GROUP BY ALL;

CREATE TEMP VIEW snapshot AS
SELECT /* item: counts.item_id, */
    reach.unit_code, counts.measure, counts.quantity,
    snapshot_periods.period_type, snapshot_periods.period_start, snapshot_periods.period_end
FROM snapshot_periods
JOIN procedure_counts AS counts ON counts.event_on = snapshot_periods.day_on
JOIN procedure_reach AS reach
    ON reach.charge_code = counts.unit_code AND reach.executing_level IS NOT DISTINCT FROM counts.executing_level
    AND snapshot_periods.day_on BETWEEN reach.map_from AND reach.map_until;

CREATE TEMP VIEW resolved AS
SELECT /* item: dossiers.dossier_id AS item_id, */
    lineage.ancestor_code AS unit_code, dossiers.handling_working_days,
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
