-- Which procedures had dossiers or payments. Input: what relations.sql made, events, procedures.
-- Each procedure stands once per unit, step and channel; it is counted distinctly, so it cannot be summed before.
CREATE TEMP TABLE own_procedures AS
SELECT DISTINCT /* item: events.item_id, */
    events.unit_code AS own_code, step_days.step_start, step_days.span_start,
    events.procedure_code, events.channel, events.measure
FROM events
JOIN step_days ON step_days.day_on = events.event_on
WHERE events.measure IN ('received', 'paid_online');

CREATE TEMP VIEW used_procedures AS
WITH dated AS (
    SELECT own_procedures.* EXCLUDE (span_start), period_type, period_start, period_end
    FROM own_procedures JOIN period_steps ON period_steps.step_start = own_procedures.step_start AND period_type = 'day'
    UNION ALL BY NAME
    -- longer periods: first once per span
    SELECT by_span.* EXCLUDE (span_start), span_start AS step_start, period_type, period_start, period_end
    FROM (SELECT DISTINCT * EXCLUDE (step_start) FROM own_procedures) AS by_span
    JOIN periods ON period_type <> 'day' AND span_start BETWEEN period_start AND period_end
)
SELECT dated.* EXCLUDE (step_start), lineage.ancestor_code AS unit_code,
    COALESCE(procedures.has_fee, FALSE) AS procedure_has_fee,
    COALESCE(procedures.service_level IN ('full', 'partial'), FALSE) AS procedure_is_online,
    -- whether the procedure counts for the unit, see procedure_reach
    reach.unit_code IS NOT NULL AS procedure_is_own
FROM dated
JOIN unit_lineage AS lineage
    ON lineage.unit_code = dated.own_code AND dated.step_start BETWEEN lineage.map_from AND lineage.map_until
LEFT JOIN procedures ON procedures.procedure_code = dated.procedure_code
LEFT JOIN procedure_reach AS reach
    ON reach.charge_code = procedures.unit_code AND reach.executing_level = procedures.executing_level
    AND reach.unit_code = lineage.ancestor_code AND reach.map_from = lineage.map_from;
