-- The rules of the contract one_stop__dossiers, written by hand as one count query: one column per rule that broke.
-- Input: batch with batch_row_number, and $as_of.
WITH keyed AS (
    SELECT *, MAX(batch_row_number) OVER (PARTITION BY dossier_id) AS last_row,
        regexp_matches(dossier_code, '^(([0-9]{3}[.][0-9]{2}[.][0-9]{2}[.])?[GH][0-9]{2}([.][0-9]{1,3}){0,3})-[0-9]{6}-[0-9]{4,6}$') AS is_coded
    FROM batch
)
SELECT
    COUNT(*) FILTER (dossier_id IS NULL) AS dossier_id_required,
    COUNT(*) FILTER (NOT regexp_matches(dossier_id, '^[0-9a-f]{24}$')) AS dossier_id_pattern,
    COUNT(*) FILTER (dossier_code IS NULL) AS dossier_code_required,
    COUNT(*) FILTER (status_code IS NULL) AS status_code_required,
    COUNT(*) FILTER (status_code NOT IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) AS status_code_values,
    COUNT(*) FILTER (status_name IS NULL) AS status_name_required,
    COUNT(*) FILTER (unit_code IS NULL) AS unit_code_required,
    COUNT(*) FILTER (NOT regexp_matches(unit_code, '^[A-K][0-9]{2}([.][A-Z0-9]{1,4}){0,8}$')) AS unit_code_pattern,
    COUNT(*) FILTER (procedure_code IS NULL) AS procedure_code_required,
    COUNT(*) FILTER (channel IS NULL) AS channel_required,
    COUNT(*) FILTER (channel NOT IN ('direct', 'online', 'postal')) AS channel_values,
    COUNT(*) FILTER (service_level NOT IN ('full', 'partial', 'information')) AS service_level_values,
    COUNT(*) FILTER (has_fee IS NULL) AS has_fee_required,
    COUNT(*) FILTER (is_paid_online IS NULL) AS is_paid_online_required,
    COUNT(*) FILTER (is_result_electronic IS NULL) AS is_result_electronic_required,
    COUNT(*) FILTER (is_digitised IS NULL) AS is_digitised_required,
    COUNT(*) FILTER (is_data_reused IS NULL) AS is_data_reused_required,
    COUNT(*) FILTER (is_in_personal_storage IS NULL) AS is_in_personal_storage_required,
    COUNT(*) FILTER (is_citizen_data_used IS NULL) AS is_citizen_data_used_required,
    COUNT(*) FILTER (is_synced_national IS NULL) AS is_synced_national_required,
    COUNT(*) FILTER (dossier_id IS NOT NULL AND batch_row_number <> last_row) AS key_unique,
    COUNT(*) FILTER (parse_errors IS NOT NULL) AS parse_errors_present,
    COUNT(*) FILTER (channel = 'online' AND service_level = 'information') AS DQ01,
    COUNT(*) FILTER (received_on IS NULL AND status_code NOT IN (1, 3, 5)) AS DQ02,
    COUNT(*) FILTER (finished_on IS NULL AND status_code IN (9, 10)) AS DQ03,
    COUNT(*) FILTER (received_on > $as_of) AS DQ04,
    COUNT(*) FILTER (finished_on > $as_of) AS DQ05,
    COUNT(*) FILTER (finished_on < received_on) AS DQ06,
    COUNT(*) FILTER (received_on < applied_on) AS DQ07,
    COUNT(*) FILTER (due_on < received_on) AS DQ08,
    COUNT(*) FILTER (due_on IS NULL AND status_code IN (2, 4)) AS DQ09,
    COUNT(*) FILTER (returned_on < finished_on) AS DQ10,
    COUNT(*) FILTER (returned_on IS NOT NULL AND status_code <> 10) AS DQ11,
    COUNT(*) FILTER (status_code IS NULL AND status_name IS NOT NULL) AS DQ13,
    COUNT(*) FILTER (is_coded AND regexp_replace(
        CASE WHEN regexp_matches(dossier_code, '^[0-9]{3}[.]')
            THEN concat(substring(dossier_code, 11, 3), '.', substring(dossier_code, 8, 2), '.',
                        substring(dossier_code, 5, 2), '.', substring(dossier_code, 1, 3))
            ELSE split_part(dossier_code, '-', 1) END, '([.]0+)+$', '') <> unit_code) AS DQ15,
    COUNT(*) FILTER (is_coded AND COALESCE(applied_on, received_on) IS NOT NULL
        AND split_part(dossier_code, '-', 2) <> COALESCE(strftime(applied_on, '%y%m%d'), '')
        AND split_part(dossier_code, '-', 2) <> COALESCE(strftime(received_on, '%y%m%d'), '')) AS DQ16,
    COUNT(*) FILTER (NOT is_coded) AS dossier_code_legacy,
    COUNT(*) FILTER (NOT regexp_matches(procedure_code,
        '^[0-9][.][0-9]{6}([.][0-9]{3}[.][0-9]{2}[.][0-9]{2}[.][GH][0-9]{2}([.][0-9]{2})?)?$')) AS procedure_code_form,
    COUNT(*) FILTER (rating NOT IN (1, 2, 3)) AS rating_values,
    COUNT(*) FILTER (rating IS NOT NULL AND rated_on IS NULL) AS rated_without_date,
    COUNT(*) FILTER (finished_on IS NULL AND status_code IN (7, 8)) AS closed_without_date,
    COUNT(*) FILTER (finished_on IS NOT NULL AND status_code IN (2, 4, 5, 6)) AS open_with_finish_date,
    COUNT(*) FILTER (suspended_on IS NULL AND status_code IN (5, 6)) AS suspended_without_date,
    COUNT(*) FILTER (resumed_on < suspended_on) AS suspension_order,
    COUNT(*) FILTER (received_on < DATE '2000-01-01') AS received_on_ancient,
    COUNT(*) FILTER (is_paid_online AND NOT has_fee) AS paid_without_fee,
    COUNT(*) FILTER (fee_amount_vnd < 0) AS fee_amount_vnd_negative
FROM keyed
