-- Form II.06a of units over a period, one row. Events are counted by the day on which they happened; pending and carried
-- over are what was received minus what was resolved until the end of the period, and before it. `total` is column 3 of
-- the form. Input: events (dossier_events). Parameters: $units, $first, $last.
WITH counted AS (
    SELECT quantity, event_on < $first AS is_before, CASE WHEN event_on >= $first THEN measure END AS measure, channel,
        CASE WHEN measure = 'received' THEN quantity
            WHEN measure IN ('resolved_early', 'resolved_on_time', 'resolved_late') THEN -quantity ELSE 0 END AS pending,
        CASE measure WHEN 'became_overdue' THEN quantity WHEN 'overdue_ended' THEN -quantity ELSE 0 END AS overdue
    FROM events WHERE LIST_CONTAINS($units, unit_code) AND event_on <= $last
),
sums AS (
    SELECT
        COALESCE(SUM(quantity) FILTER (measure = 'received'), 0)::BIGINT AS received,
        COALESCE(SUM(quantity) FILTER (measure = 'received' AND channel = 'online'), 0)::BIGINT AS received_online,
        COALESCE(SUM(quantity) FILTER (measure = 'received' AND channel = 'direct'), 0)::BIGINT AS received_direct,
        COALESCE(SUM(quantity) FILTER (measure = 'received' AND channel = 'postal'), 0)::BIGINT AS received_postal,
        COALESCE(SUM(pending) FILTER (is_before), 0)::BIGINT AS carried_over,
        COALESCE(SUM(quantity) FILTER (measure = 'resolved_early'), 0)::BIGINT AS resolved_early,
        COALESCE(SUM(quantity) FILTER (measure = 'resolved_on_time'), 0)::BIGINT AS resolved_on_time,
        COALESCE(SUM(quantity) FILTER (measure = 'resolved_late'), 0)::BIGINT AS resolved_late,
        COALESCE(SUM(pending), 0)::BIGINT AS pending,
        COALESCE(SUM(overdue), 0)::BIGINT AS pending_overdue
    FROM counted
)
SELECT received, received_online, received_direct, received_postal, carried_over,
    resolved_early + resolved_on_time + resolved_late AS resolved, resolved_early, resolved_on_time, resolved_late,
    pending, pending - pending_overdue AS pending_in_time, pending_overdue, received + carried_over AS total
FROM sums
