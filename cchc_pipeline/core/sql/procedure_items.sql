-- What a procedure counts as, by unit in charge and executing level; summed, a snapshot of the catalogue of one day. Input:
-- held (core procedures), run. What a system does not say about any procedure is no zero: a measure known_<attribute> counts the
-- procedures about which it says something. Internal procedures (between agencies) are counted apart.
WITH in_force AS (
    SELECT *, COALESCE(is_internal, FALSE) AS is_apart FROM held WHERE is_in_force
),
marks AS (
    SELECT procedure_code, unit_code, executing_level, UNNEST([
        'in_force',
        service_level,
        CASE WHEN is_citizen_data_connected THEN 'citizen_data_connected' END,
        CASE WHEN is_content_full THEN 'content_full' END,
        CASE WHEN is_updated_on_time THEN 'updated_on_time' END,
        'level_' || executing_level,
        CASE WHEN service_level_old IS NOT NULL THEN 'known_service_level_old' END,
        'service_level_' || service_level_old,
        CASE WHEN interlinked IS NOT NULL THEN 'known_interlinked' END,
        CASE WHEN interlinked <> 'none' THEN 'interlinked_' || interlinked END,
        CASE WHEN is_paperless IS NOT NULL THEN 'known_paperless' END,
        CASE WHEN is_paperless THEN 'paperless' END,
        CASE WHEN is_priority_early IS NOT NULL THEN 'known_priority_early' END,
        CASE WHEN is_priority_early THEN 'priority_early' END,
        CASE WHEN is_essential IS NOT NULL THEN 'known_essential' END,
        CASE WHEN is_essential THEN 'essential' END,
        CASE WHEN is_essential AND integrated_on <= run.as_of_on THEN 'essential_integrated' END,
        CASE WHEN is_location_free IS NOT NULL THEN 'known_location_free' END,
        CASE WHEN is_location_free THEN 'location_free' END
    ]) AS measure
    FROM in_force, run
    WHERE NOT is_apart
    UNION ALL
    SELECT procedure_code, unit_code, executing_level, UNNEST([
        CASE WHEN is_internal IS NOT NULL THEN 'known_internal' END, CASE WHEN is_apart THEN 'internal' END
    ])
    FROM in_force
)
SELECT run.as_of_on AS event_on, procedure_code AS item_id, unit_code, executing_level, measure, 1.0 AS quantity
FROM marks, run
