-- Units of the province, former ones included, with their parent and validity. Input: portal (core
-- national_portal__metrics), used (unit codes seen in dossiers, procedures, documents), registered (units that a change
-- names, by unit code), province (code), run (as_of_on). A unit that only dossiers know keeps its code as its name.
WITH RECURSIVE named AS (
    SELECT unit_code,
        ARG_MAX(unit_name, period_end) AS unit_name,
        ARG_MAX(child_group, period_end) FILTER (WHERE child_group IS NOT NULL) AS child_group
    FROM portal
    GROUP BY unit_code
),
codes AS (
    SELECT unit_code FROM named
    UNION SELECT unit_code FROM used
    UNION SELECT province_code FROM province
    UNION SELECT unit_code FROM registered
),
lineage AS (
    -- Every shorter prefix of a code is a candidate parent; the longest that is a unit wins.
    SELECT codes.unit_code, COALESCE(registered.agency_code, codes.unit_code) AS prefix
    FROM codes LEFT JOIN registered ON registered.unit_code = codes.unit_code
    UNION ALL
    SELECT unit_code, REGEXP_REPLACE(prefix, '\.[^.]+$', '') FROM lineage WHERE CONTAINS(prefix, '.')
),
parents AS (
    SELECT lineage.unit_code, ARG_MAX(lineage.prefix, LENGTH(lineage.prefix)) AS parent_code
    FROM lineage
    JOIN codes ON codes.unit_code = lineage.prefix
    LEFT JOIN registered ON registered.unit_code = lineage.unit_code
    WHERE lineage.prefix <> COALESCE(registered.agency_code, lineage.unit_code)
    GROUP BY lineage.unit_code
),
units AS (
    SELECT
        codes.unit_code,
        COALESCE(named.unit_name, registered.unit_name, codes.unit_code) AS unit_name,
        CASE
            WHEN codes.unit_code = province.province_code THEN 'province'
            WHEN named.child_group = 'COMMUNE' THEN 'commune'
            WHEN named.child_group = 'DISTRICT' THEN 'district'
            WHEN named.child_group IS NOT NULL THEN 'department'
            ELSE COALESCE(registered.unit_level, 'department')
        END AS unit_level,
        COALESCE(registered.parent_code, parents.parent_code, province.province_code) AS parent_code,
        province.province_code,
        registered.valid_from,
        registered.valid_to,
        COALESCE(registered.agency_code, codes.unit_code) AS agency_code,
        COALESCE(registered.valid_from <= run.as_of_on, TRUE) AND COALESCE(registered.valid_to >= run.as_of_on, TRUE)
            AS is_current,
        registered.predecessor_codes,
        registered.successor_codes
    FROM codes
    CROSS JOIN province
    CROSS JOIN run
    LEFT JOIN named ON named.unit_code = codes.unit_code
    LEFT JOIN registered ON registered.unit_code = codes.unit_code
    LEFT JOIN parents ON parents.unit_code = codes.unit_code
)
-- Below a former province's successor stands the former province too, so that sums along parent_code miss nothing.
SELECT * REPLACE (CASE WHEN unit_code <> province_code THEN parent_code END AS parent_code)
FROM units
ORDER BY unit_code
