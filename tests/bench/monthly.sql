-- The flow indicators of every unit and month, written by hand. Input: events, units (two levels: province and the rest).
-- One row per indicator, unit and month: numerator, denominator.
WITH small AS (
    SELECT unit_code, date_trunc('month', event_on)::DATE AS period_start, measure, channel, SUM(quantity) AS quantity
    FROM events GROUP BY ALL
),
rolled AS (
    SELECT unit_code, period_start, measure, channel, quantity FROM small
    UNION ALL
    SELECT units.parent_code, period_start, measure, channel, quantity
    FROM small JOIN units USING (unit_code) WHERE units.parent_code IS NOT NULL
),
wide AS (
    SELECT unit_code, period_start,
        SUM(quantity) FILTER (measure = 'received') AS received,
        SUM(quantity) FILTER (measure = 'received' AND channel = 'online') AS received_online,
        SUM(quantity) FILTER (measure = 'received' AND channel = 'direct') AS received_direct,
        SUM(quantity) FILTER (measure = 'received' AND channel = 'postal') AS received_postal,
        SUM(quantity) FILTER (measure IN ('resolved_early', 'resolved_on_time', 'resolved_late')) AS resolved,
        SUM(quantity) FILTER (measure = 'resolved_early') AS early,
        SUM(quantity) FILTER (measure = 'resolved_on_time') AS on_time,
        SUM(quantity) FILTER (measure = 'resolved_late') AS late,
        SUM(quantity) FILTER (measure = 'resolved_done') AS done,
        SUM(quantity) FILTER (measure = 'handled_working_days') AS handled_days,
        SUM(quantity) FILTER (measure = 'resolved_result_electronic') AS done_electronic,
        SUM(quantity) FILTER (measure = 'withdrawn') AS withdrawn,
        SUM(quantity) FILTER (measure = 'with_fee') AS with_fee,
        SUM(quantity) FILTER (measure = 'paid_online') AS paid_online,
        SUM(quantity) FILTER (measure = 'reused') AS reused,
        SUM(quantity) FILTER (measure = 'rated_satisfied') AS satisfied,
        SUM(quantity) FILTER (measure IN ('rated_satisfied', 'rated_neutral', 'rated_dissatisfied')) AS rated,
        SUM(quantity) FILTER (measure = 'not_late') AS not_late,
        SUM(quantity) FILTER (measure = 'result_electronic') AS electronic,
        SUM(quantity) FILTER (measure = 'digitised') AS digitised,
        SUM(quantity) FILTER (measure = 'personal_storage') AS stored,
        SUM(quantity) FILTER (measure = 'citizen_data') AS citizen,
        SUM(quantity) FILTER (measure = 'satisfied_not_late') AS satisfied_not_late,
        SUM(quantity) FILTER (measure = 'synced_national') AS synced
    FROM rolled GROUP BY ALL
),
rows AS (
    SELECT unit_code, period_start, UNNEST([
        {'indicator_id': 'received_total', 'numerator': received, 'denominator': NULL},
        {'indicator_id': 'received_online', 'numerator': received_online, 'denominator': NULL},
        {'indicator_id': 'received_direct', 'numerator': received_direct, 'denominator': NULL},
        {'indicator_id': 'received_postal', 'numerator': received_postal, 'denominator': NULL},
        {'indicator_id': 'online_rate', 'numerator': received_online, 'denominator': received},
        {'indicator_id': 'resolved_total', 'numerator': resolved, 'denominator': NULL},
        {'indicator_id': 'resolved_early', 'numerator': early, 'denominator': NULL},
        {'indicator_id': 'resolved_on_time', 'numerator': on_time, 'denominator': NULL},
        {'indicator_id': 'resolved_late', 'numerator': late, 'denominator': NULL},
        {'indicator_id': 'early_rate', 'numerator': early, 'denominator': resolved},
        {'indicator_id': 'on_time_rate', 'numerator': on_time, 'denominator': resolved},
        {'indicator_id': 'late_rate', 'numerator': late, 'denominator': resolved},
        {'indicator_id': 'timely_rate', 'numerator': COALESCE(early, 0) + COALESCE(on_time, 0), 'denominator': resolved},
        {'indicator_id': 'handling_time_mean_days', 'numerator': handled_days, 'denominator': done},
        {'indicator_id': 'withdrawn_count', 'numerator': withdrawn, 'denominator': NULL},
        {'indicator_id': 'online_payment_rate', 'numerator': paid_online, 'denominator': with_fee},
        {'indicator_id': 'digitised_result_rate', 'numerator': done_electronic, 'denominator': done},
        {'indicator_id': 'data_reuse_rate', 'numerator': reused, 'denominator': received},
        {'indicator_id': 'satisfaction_rate', 'numerator': satisfied, 'denominator': rated},
        {'indicator_id': 'idx766_on_time', 'numerator': not_late, 'denominator': received},
        {'indicator_id': 'idx766_electronic_result', 'numerator': electronic, 'denominator': received},
        {'indicator_id': 'idx766_digitised', 'numerator': digitised, 'denominator': received},
        {'indicator_id': 'idx766_reused', 'numerator': reused, 'denominator': received},
        {'indicator_id': 'idx766_personal_storage', 'numerator': stored, 'denominator': received},
        {'indicator_id': 'idx766_citizen_data', 'numerator': citizen, 'denominator': received},
        {'indicator_id': 'idx766_satisfied', 'numerator': satisfied_not_late, 'denominator': received},
        {'indicator_id': 'idx766_synced', 'numerator': synced, 'denominator': received}
    ], recursive := true)
    FROM wide
)
SELECT indicator_id, unit_code, period_start, COALESCE(numerator, 0) AS numerator, COALESCE(denominator, 0) AS denominator
FROM rows ORDER BY ALL
