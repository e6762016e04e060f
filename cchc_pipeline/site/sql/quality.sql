-- What the quality pages show. Input: quality, quarantine, releases, units (published tables), inbound (source,
-- table_name, title_vi, place: the order on the pages), rules (table_name, rule_id, severity, sentence_vi, fix_vi),
-- run (one row: first_on, last_on of the nights that are counted).

-- Counts of the nights; `is_last`: of the last day of data.
CREATE TEMP VIEW recent AS
SELECT quality.*, inbound.source, pulled_for_on = run.last_on AS is_last
FROM quality JOIN inbound USING (table_name) JOIN run ON pulled_for_on BETWEEN run.first_on AND run.last_on;

-- Records in quarantine with the name of their unit and the code by which people find them.
CREATE TEMP VIEW waiting AS
SELECT quarantine.*, inbound.source, COALESCE(units.unit_name, NULLIF(unit_code, ''), 'Không nêu đơn vị') AS unit,
    COALESCE(
        NULLIF(row_json ->> '$.dossier_code', ''), NULLIF(row_json ->> '$.petition_code', ''),
        NULLIF(row_json ->> '$.task_code', ''), NULLIF(row_json ->> '$.inspection_code', ''), ''
    ) AS code
FROM quarantine JOIN inbound USING (table_name) LEFT JOIN units USING (unit_code);

-- A row per record and rule that it breaks.
CREATE TEMP VIEW broken AS
SELECT waiting.*, ids.rule_id FROM waiting, UNNEST(STRING_SPLIT(rule_ids, ';')) AS ids(rule_id);

-- Inbound tables: rows that came in, were valid and were rejected on the last night and in all; waiting records.
CREATE TEMP VIEW counts AS
WITH totals AS (
    SELECT table_name, SUM(rows_in) FILTER (is_last) AS last_in, SUM(rows_valid) FILTER (is_last) AS last_valid,
        SUM(rows_quarantined) FILTER (is_last) AS last_rejected, SUM(rows_in) AS rows_in, SUM(rows_valid) AS valid,
        SUM(rows_quarantined) AS rejected
    FROM recent WHERE rule_id = 'TOTAL' GROUP BY table_name
),
waits AS (SELECT table_name, COUNT(*) AS waiting FROM waiting GROUP BY table_name)
SELECT source, table_name, title_vi, COALESCE(last_in, 0)::BIGINT AS last_in,
    COALESCE(last_valid, 0)::BIGINT AS last_valid, COALESCE(last_rejected, 0)::BIGINT AS last_rejected,
    COALESCE(rows_in, 0)::BIGINT AS rows_in, COALESCE(valid, 0)::BIGINT AS valid,
    COALESCE(rejected, 0)::BIGINT AS rejected, COALESCE(waiting, 0) AS waiting
FROM inbound LEFT JOIN totals USING (table_name) LEFT JOIN waits USING (table_name)
ORDER BY place;

-- Rules that rows broke within the nights, or that waiting records break. `nights`: rows that broke it; a row that came
-- three times counts three times. Days are those of the waiting records, else of the nights.
CREATE TEMP VIEW broken_rules AS
WITH nights AS (
    SELECT rule_id, SUM(rows_broken) AS nights, SUM(rows_broken) FILTER (is_last) AS last_night,
        MIN(pulled_for_on) AS first_on, MAX(pulled_for_on) AS last_on
    FROM recent WHERE rule_id <> 'TOTAL' AND rows_broken > 0 GROUP BY rule_id
),
waits AS (
    SELECT rule_id, COUNT(*) AS waiting, MIN(first_seen_on) AS first_on, MAX(last_seen_on) AS last_on
    FROM broken GROUP BY rule_id
)
SELECT source, rules.*, COALESCE(nights.last_night, 0)::BIGINT AS last_night, COALESCE(nights.nights, 0)::BIGINT AS nights,
    COALESCE(waits.waiting, 0) AS waiting, COALESCE(waits.first_on, nights.first_on) AS first_on,
    COALESCE(waits.last_on, nights.last_on) AS last_on
FROM rules JOIN inbound USING (table_name) LEFT JOIN nights USING (rule_id) LEFT JOIN waits USING (rule_id)
WHERE nights.rule_id IS NOT NULL OR waits.rule_id IS NOT NULL
ORDER BY waiting DESC, nights DESC, rule_id;

-- Sources: sums over their tables; `warned`: breaches of rules of severity warn on the last night; `accepted`: records
-- that a person accepted, while that holds.
CREATE TEMP VIEW sources AS
WITH warns AS (SELECT source, SUM(last_night) AS warned FROM broken_rules WHERE severity = 'warn' GROUP BY source),
active AS (SELECT inbound.source, COUNT(*) AS accepted FROM releases JOIN inbound USING (table_name) WHERE is_active GROUP BY ALL),
sums AS (
    SELECT source, SUM(last_in) AS last_in, SUM(last_valid) AS last_valid, SUM(last_rejected) AS last_rejected,
        SUM(waiting) AS waiting
    FROM counts GROUP BY source
)
SELECT source, last_in::BIGINT AS last_in, last_valid::BIGINT AS last_valid, last_rejected::BIGINT AS last_rejected,
    100 * last_rejected / NULLIF(last_in, 0) AS rejected_pct, waiting::BIGINT AS waiting,
    COALESCE(warned, 0)::BIGINT AS warned, COALESCE(accepted, 0) AS accepted
FROM sums LEFT JOIN warns USING (source) LEFT JOIN active USING (source);

-- Nights on which something was pulled: rejected rows, and rows times rules of severity warn.
CREATE TEMP VIEW nights AS
SELECT source, pulled_for_on AS day, SUM(rows_quarantined) FILTER (rule_id = 'TOTAL')::BIGINT AS rejected,
    COALESCE(SUM(rows_broken) FILTER (rule_severity = 'warn'), 0)::BIGINT AS warned
FROM recent GROUP BY source, pulled_for_on HAVING COUNT(*) FILTER (rule_id = 'TOTAL') > 0;

CREATE TEMP VIEW units_of_sources AS
SELECT source, COALESCE(unit_code, '') AS code, unit, COUNT(*) AS waiting FROM waiting
GROUP BY source, unit_code, unit ORDER BY waiting DESC, code;

CREATE TEMP VIEW units_of_rules AS
SELECT rule_id, unit, COUNT(*) AS waiting FROM broken GROUP BY rule_id, unit ORDER BY waiting DESC, unit;

-- The five records of each rule that have waited longest.
CREATE TEMP VIEW examples AS
SELECT rule_id, code, row_key, unit, first_seen_on FROM broken
QUALIFY ROW_NUMBER() OVER (PARTITION BY rule_id ORDER BY first_seen_on, row_key, source_row_number) <= 5
ORDER BY first_seen_on, row_key, source_row_number;
