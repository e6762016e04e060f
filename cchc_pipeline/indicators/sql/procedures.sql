-- Relations of the family of procedures. Input: what relations.sql made, procedures, units, run (as_of_on).
-- `procedure_reach` of relations.sql says for which units a procedure counts.

-- The catalogue as it was counted last within a period. No row: nobody counted, or the system does not say.
CREATE TEMP VIEW procedure_catalogue AS SELECT * FROM snapshot;

-- Days of a procedure that the source states, however long ago: any past period can be asked, of the procedures in
-- force today and on today's map: only today's catalogue says who is in charge.
CREATE TEMP TABLE procedure_day_counts AS
WITH days AS (
    SELECT *, 'integrated' AS measure, integrated_on AS day_on FROM procedures
    UNION ALL
    SELECT *, 'synced', synced_on FROM procedures
    UNION ALL
    SELECT *, 'time_cut', time_cut_on FROM procedures
    UNION ALL
    SELECT *, 'simplified', simplified_on FROM procedures
)
SELECT procedure_reach.unit_code, days.measure, COALESCE(days.is_internal, FALSE) AS is_internal, days.day_on,
    COUNT(*) AS quantity
FROM days
JOIN run ON days.day_on <= run.as_of_on
JOIN procedure_reach
    ON procedure_reach.charge_code = days.unit_code AND procedure_reach.executing_level = days.executing_level
    AND run.as_of_on BETWEEN procedure_reach.map_from AND procedure_reach.map_until
WHERE days.is_in_force
GROUP BY ALL;

-- A measure of which the catalogue holds no day at all is unknown; of the others, a period without a day is a zero.
CREATE TEMP TABLE procedure_day_zeros AS
SELECT reached.unit_code, known.measure, periods.period_type, periods.period_start, periods.period_end
FROM (SELECT DISTINCT unit_code FROM procedure_reach JOIN run ON run.as_of_on BETWEEN map_from AND map_until) AS reached
CROSS JOIN (SELECT DISTINCT measure FROM procedure_day_counts) AS known
CROSS JOIN periods
WHERE periods.period_type <> 'day';

CREATE TEMP VIEW procedure_days AS
SELECT counts.unit_code, counts.measure, counts.is_internal, counts.quantity,
    period_days.period_type, period_days.period_start, period_days.period_end
FROM procedure_day_counts AS counts
JOIN period_days ON period_days.day_on = counts.day_on
UNION ALL
SELECT unit_code, measure, FALSE, 0, period_type, period_start, period_end FROM procedure_day_zeros;

-- Everything up to the end of a period.
CREATE TEMP VIEW procedure_days_to_date AS
SELECT counts.unit_code, counts.measure, counts.is_internal, counts.quantity,
    periods.period_type, periods.period_start, periods.period_end
FROM procedure_day_counts AS counts
JOIN periods ON counts.day_on <= periods.period_end AND periods.period_type <> 'day'
UNION ALL
SELECT unit_code, measure, FALSE, 0, period_type, period_start, period_end FROM procedure_day_zeros;

-- The units that exist on the last day of a period (or of data), each for itself and for every unit above.
CREATE TEMP VIEW units_below AS
SELECT above.ancestor_code AS unit_code, units.unit_code AS below_code, units.unit_level AS below_level,
    periods.period_type, periods.period_start, periods.period_end
FROM periods
CROSS JOIN run
JOIN unit_lineage AS above ON LEAST(periods.period_end, run.as_of_on) BETWEEN above.map_from AND above.map_until
JOIN units ON units.unit_code = above.unit_code
SEMI JOIN unit_lineage AS alive
    ON alive.ancestor_code = units.unit_code AND alive.is_alive AND alive.map_from = above.map_from
WHERE periods.period_type <> 'day';
