-- Units of the province, with their parent. Input: portal (core national_portal__metrics), used (unit codes seen in
-- dossiers, procedures, documents), province (code). A unit that only dossiers know keeps its code as its name.
WITH RECURSIVE named AS (
    SELECT unit_code,
        ARG_MAX(unit_name, period_end) AS unit_name,
        ARG_MAX(child_group, period_end) FILTER (WHERE child_group IS NOT NULL) AS child_group
    FROM portal
    GROUP BY unit_code
),
codes AS (
    SELECT unit_code FROM named UNION SELECT unit_code FROM used UNION SELECT province_code FROM province
),
lineage AS (
    -- Every shorter prefix of a code is a candidate parent; the longest that is a unit wins.
    SELECT unit_code, unit_code AS prefix FROM codes
    UNION ALL
    SELECT unit_code, REGEXP_REPLACE(prefix, '\.[^.]+$', '') FROM lineage WHERE CONTAINS(prefix, '.')
),
parents AS (
    SELECT lineage.unit_code, ARG_MAX(lineage.prefix, LENGTH(lineage.prefix)) AS parent_code
    FROM lineage JOIN codes ON codes.unit_code = lineage.prefix
    WHERE lineage.prefix <> lineage.unit_code
    GROUP BY lineage.unit_code
)
SELECT
    codes.unit_code,
    COALESCE(named.unit_name, codes.unit_code) AS unit_name,
    CASE
        WHEN codes.unit_code = province.province_code THEN 'province'
        WHEN named.child_group = 'COMMUNE' THEN 'commune'
        WHEN named.child_group = 'DISTRICT' THEN 'district'
        ELSE 'department'
    END AS unit_level,
    CASE WHEN codes.unit_code <> province.province_code THEN COALESCE(parents.parent_code, province.province_code) END AS parent_code,
    province.province_code,
    NULL::DATE AS valid_from,
    NULL::DATE AS valid_to
FROM codes
CROSS JOIN province
LEFT JOIN named ON named.unit_code = codes.unit_code
LEFT JOIN parents ON parents.unit_code = codes.unit_code
ORDER BY codes.unit_code
