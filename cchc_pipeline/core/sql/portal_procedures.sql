-- The portal's catalogue of procedures, each as it was last read. Input: held (core national_portal__procedures), one
-- row per procedure and pass. A pass is whole when it has as many procedures as the portal ever said during it.
WITH passes AS (
    SELECT pass_on, MAX(captured_on) AS read_until, COUNT(*) >= MAX(catalogue_total) AS is_whole
    FROM held
    GROUP BY pass_on
),
whole AS (
    SELECT MAX(pass_on) AS pass_on, MAX(read_until) AS read_until FROM passes WHERE is_whole
),
numbered AS (
    SELECT *,
        ROW_NUMBER() OVER (PARTITION BY formality_id ORDER BY pass_on DESC) AS reading,
        FIRST_VALUE(catalogue_total) OVER (ORDER BY captured_on DESC, pass_on DESC, catalogue_position DESC)
            AS newest_total
    FROM held
)
SELECT
    numbered.formality_id,
    numbered.procedure_code,
    numbered.procedure_name,
    numbered.state,
    numbered.department_id,
    numbered.publishing_department_ids,
    numbered.applied_departments_count,
    numbered.captured_on,
    COALESCE(numbered.pass_on >= whole.pass_on, TRUE) AS is_listed,
    numbered.newest_total AS catalogue_total,
    whole.pass_on IS NOT NULL AS is_complete,
    whole.read_until AS complete_on
FROM numbered
CROSS JOIN whole
WHERE numbered.reading = 1
ORDER BY numbered.formality_id
