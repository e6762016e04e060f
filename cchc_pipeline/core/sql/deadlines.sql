-- Our own due date of every received dossier, and how the source's differs from it. Input: held (core dossiers),
-- apologies (dossier_code), calendar, openings (schedule, begins_at, ends_at, seconds_before).
-- Counting: the day of reception is not counted (Civil Code 2015, Article 147), days are working days unless the source
-- says otherwise (d days, h hours); the clock starts at reception and stands still while the citizen is waited for
-- (statuses 5 and 6). Days count by the calendar of everybody, hours by the opening hours of the unit.
WITH limited AS (
    SELECT dossier_id, dossier_code, unit_code, received_on, received_at::TIMESTAMP AS received_at, due_on, suspended_on, resumed_on,
        CASE WHEN LOWER(processing_time_unit) IN ('d', 'h') THEN LOWER(processing_time_unit) END AS limit_unit,
        CASE WHEN processing_time > 0 THEN CEIL(processing_time)::BIGINT END AS time_limit
    FROM held
    WHERE received_on IS NOT NULL AND status_code NOT IN (1, 3)
),
numbered AS (
    SELECT limited.*,
        began.working_day_number AS began_n, began.weekday_number AS began_w, began.regular_day_number AS began_r,
        COALESCE(ended.working_day_number - paused.working_day_number, 0) AS paused_n,
        COALESCE(ended.weekday_number - paused.weekday_number, 0) AS paused_w,
        COALESCE(ended.regular_day_number - paused.regular_day_number, 0) AS paused_r,
        COALESCE(resumed_on - suspended_on, 0) AS paused_civil
    FROM limited
    LEFT JOIN calendar AS began ON began.day_on = limited.received_on
    LEFT JOIN calendar AS paused ON paused.day_on = limited.suspended_on AND limited.resumed_on IS NOT NULL
    LEFT JOIN calendar AS ended ON ended.day_on = limited.resumed_on AND limited.suspended_on IS NOT NULL
),
working_days AS (SELECT working_day_number AS number, MIN(day_on) AS day_on FROM calendar GROUP BY ALL),
weekdays AS (SELECT weekday_number AS number, MIN(day_on) AS day_on FROM calendar GROUP BY ALL),
regular_days AS (SELECT regular_day_number AS number, MIN(day_on) AS day_on FROM calendar GROUP BY ALL),
schedules AS (
    -- the hours of a unit are those of the nearest listed unit above it
    SELECT units.unit_code, ARG_MAX(listed.schedule, LENGTH(listed.schedule)) AS schedule
    FROM (SELECT DISTINCT unit_code FROM limited WHERE limit_unit = 'h') AS units
    JOIN (SELECT DISTINCT schedule FROM openings) AS listed
        ON listed.schedule = '*' OR units.unit_code = listed.schedule OR STARTS_WITH(units.unit_code, listed.schedule || '.')
    GROUP BY units.unit_code
),
hourly AS (
    SELECT numbered.dossier_id, schedules.schedule, numbered.received_at, numbered.time_limit,
        numbered.suspended_on::TIMESTAMP AS paused_at, numbered.resumed_on::TIMESTAMP AS ended_at
    FROM numbered JOIN schedules USING (unit_code)
    WHERE limit_unit = 'h' AND time_limit IS NOT NULL AND received_at IS NOT NULL
),
elapsed AS (
    -- working seconds of the schedule up to an instant
    SELECT hourly.*,
        begun.seconds_before + EPOCH(LEAST(hourly.received_at, begun.ends_at) - begun.begins_at) AS begun_s,
        CASE WHEN paused_at IS NOT NULL AND ended_at IS NOT NULL THEN
            ended.seconds_before + EPOCH(LEAST(hourly.ended_at, ended.ends_at) - ended.begins_at)
            - paused.seconds_before - EPOCH(LEAST(hourly.paused_at, paused.ends_at) - paused.begins_at)
        ELSE 0 END AS paused_s
    FROM hourly
    ASOF LEFT JOIN openings AS begun ON begun.schedule = hourly.schedule AND hourly.received_at >= begun.begins_at
    ASOF LEFT JOIN openings AS paused ON paused.schedule = hourly.schedule AND hourly.paused_at >= paused.begins_at
    ASOF LEFT JOIN openings AS ended ON ended.schedule = hourly.schedule AND hourly.ended_at >= ended.begins_at
),
hours AS (
    SELECT elapsed.dossier_id,
        CAST(last.begins_at + TO_MICROSECONDS(CAST((begun_s + time_limit * 3600 + paused_s - last.seconds_before) * 1000000 AS BIGINT)) AS DATE) AS due_on,
        CAST(plain.begins_at + TO_MICROSECONDS(CAST((begun_s + time_limit * 3600 - plain.seconds_before) * 1000000 AS BIGINT)) AS DATE) AS unpaused_due_on
    FROM elapsed
    ASOF LEFT JOIN openings AS last
        ON last.schedule = elapsed.schedule AND begun_s + time_limit * 3600 + paused_s > last.seconds_before
    ASOF LEFT JOIN openings AS plain ON plain.schedule = elapsed.schedule AND begun_s + time_limit * 3600 > plain.seconds_before
),
candidates AS (
    SELECT numbered.*,
        CASE limit_unit WHEN 'd' THEN plain.day_on WHEN 'h' THEN hours.due_on END AS computed_on,
        CASE limit_unit WHEN 'd' THEN unpaused.day_on WHEN 'h' THEN hours.unpaused_due_on END AS unpaused_on,
        weekly.day_on AS weekly_on,
        regular.day_on AS regular_on,
        first_counted.day_on AS first_counted_on,
        next_day.day_on AS next_day_on,
        rounded.day_on AS rounded_on,
        -- a last day off moves to the next working day (Civil Code 2015, Article 148)
        civil.day_on AS civil_on,
        apologies.dossier_code IS NOT NULL AS has_letter
    FROM numbered
    LEFT JOIN hours USING (dossier_id)
    LEFT JOIN apologies ON apologies.dossier_code = numbered.dossier_code
    LEFT JOIN working_days AS plain ON plain.number = began_n + time_limit + paused_n
    LEFT JOIN working_days AS unpaused ON unpaused.number = began_n + time_limit
    LEFT JOIN weekdays AS weekly ON weekly.number = began_w + time_limit + paused_w
    LEFT JOIN regular_days AS regular ON regular.number = began_r + time_limit + paused_r
    LEFT JOIN working_days AS first_counted ON first_counted.number = began_n + time_limit - 1 + paused_n
    LEFT JOIN working_days AS next_day ON next_day.number = began_n + time_limit + 1 + paused_n
    LEFT JOIN working_days AS rounded ON rounded.number = began_n + CEIL(time_limit / 8)::BIGINT + paused_n
    LEFT JOIN calendar AS last_civil ON last_civil.day_on = received_on + (time_limit + paused_civil)::INTEGER
    LEFT JOIN working_days AS civil
        ON civil.number = CASE WHEN last_civil.is_working_day THEN last_civil.working_day_number ELSE last_civil.working_day_number + 1 END
)
SELECT candidates.dossier_id,
    computed_on AS due_on_computed,
    (source_day.working_day_number - computed_day.working_day_number)::INTEGER AS due_difference_working_days,
    CASE
        WHEN due_on IS NULL THEN 'no_due_date'
        WHEN computed_on IS NULL THEN 'no_time_limit'
        WHEN due_on = computed_on THEN 'same'
        WHEN suspended_on IS NOT NULL AND resumed_on IS NULL THEN 'suspended_now'
        WHEN resumed_on IS NOT NULL AND due_on = unpaused_on THEN 'suspension_not_added'
        WHEN limit_unit = 'd' AND due_on = regular_on THEN 'make_up_day_not_counted'
        -- neither holidays nor make-up days: where the two coincide, the make-up day alone explains it
        WHEN limit_unit = 'd' AND due_on = weekly_on THEN 'holiday_not_skipped'
        WHEN limit_unit = 'd' AND due_on = civil_on THEN 'calendar_days'
        WHEN limit_unit = 'd' AND due_on = first_counted_on THEN 'first_day_counted'
        WHEN limit_unit = 'h' AND due_on = rounded_on THEN 'hours_as_days'
        WHEN due_on > computed_on AND has_letter THEN 'extended_by_letter'
        -- what is received after 15:00 is passed on the next working morning (NĐ 61/2018/NĐ-CP, Article 18)
        WHEN due_on = next_day_on AND HOUR(received_at) >= 15 THEN 'received_late_in_day'
        WHEN due_on > computed_on THEN 'later_unexplained'
        ELSE 'earlier_unexplained'
    END AS due_difference_reason
FROM candidates
LEFT JOIN calendar AS source_day ON source_day.day_on = candidates.due_on
LEFT JOIN calendar AS computed_day ON computed_day.day_on = candidates.computed_on
