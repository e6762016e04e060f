-- One night of score_days. Input: card (scorecard_index766), portal (score_days_portal.sql), held (score_days of the night
-- before and of the one a week before, and of the nights that their figures are of), bases (kind night or week, base_on: the
-- night that is compared with, null where there is none), moves (dossiers that moved since the night before). Parameters:
-- $night; $first, first day of the oldest month that is scored.
--
-- A change is told only between points of one version of the rubric, one rule and one maximum (of sums: the maximum of
-- what was scored); otherwise its reason is. What the portal did not give anew is an older figure, and no change. Where it
-- gave a part anew, points are of several nights: they are compared with nothing, and the next whole row is compared with
-- the last whole row before them, so that what moved in between is told then. A unit of the night before that has no row
-- any more, where others have, stands with its reason.
WITH scored AS (
    SELECT * FROM card WHERE period_type = 'month' AND period_start BETWEEN $first AND $night
),
months AS (
    SELECT source, unit_code, unit_name, unit_level, period_type, period_start, period_end, criterion_level, criterion_code,
        parent_code, criterion_name_vi, criterion_name_en, rubric_version, is_provisional, rule, numerator, denominator,
        ratio, points, max_points, status, reason_vi, evidence, FALSE AS is_vanished
    FROM scored
    UNION ALL
    SELECT held.source, held.unit_code, held.unit_name, held.unit_level, held.period_type, held.period_start, held.period_end,
        held.criterion_level, held.criterion_code, held.parent_code, held.criterion_name_vi, held.criterion_name_en,
        held.rubric_version, held.is_provisional, held.rule, NULL, NULL, NULL, NULL, held.max_points, 'missing',
        'Đơn vị có ở đêm trước nhưng không có trong số liệu của đêm này', NULL, TRUE
    FROM held
    JOIN bases ON bases.kind = 'night' AND bases.base_on = held.night_on
    JOIN (SELECT DISTINCT source, period_start FROM scored) AS others
        ON others.source = held.source AND others.period_start = held.period_start
    LEFT JOIN (SELECT DISTINCT source, unit_code, period_start FROM scored) AS known
        ON known.source = held.source AND known.unit_code = held.unit_code AND known.period_start = held.period_start
    WHERE known.unit_code IS NULL
),
-- When the figures behind each row were read; a sum is as old as the oldest of its criteria.
read_criteria AS (
    SELECT months.source, months.unit_code, months.period_start, months.parent_code, portal.captured_on, portal.is_read
    FROM months
    JOIN portal
        ON portal.unit_code = months.unit_code AND portal.period_start = months.period_start
        AND portal.criterion_code = months.criterion_code
    WHERE months.source = 'portal' AND months.criterion_level = 'criterion' AND months.points IS NOT NULL
),
read_rows AS (
    SELECT unit_code, period_start, parent_code AS criterion_code, MIN(captured_on) AS captured_on, BOOL_AND(is_read) AS is_read
    FROM read_criteria GROUP BY unit_code, period_start, parent_code
    UNION ALL
    SELECT unit_code, period_start, 'TOTAL', MIN(captured_on), BOOL_AND(is_read)
    FROM read_criteria GROUP BY unit_code, period_start
),
night_base AS (
    SELECT held.* FROM held JOIN bases ON bases.base_on = held.night_on WHERE bases.kind = 'night'
),
dated AS (
    SELECT months.*, portal.portal_score_delta, portal.portal_growth_pct,
        CASE WHEN months.source = 'portal' THEN COALESCE(read_rows.captured_on, portal.captured_on) END AS captured_on,
        months.source = 'portal' AND NOT COALESCE(read_rows.is_read, portal.is_read, TRUE) AS is_older_figure,
        CASE WHEN months.criterion_level = 'criterion' THEN months.max_points ELSE months.denominator END AS reachable
    FROM months
    LEFT JOIN portal
        ON portal.unit_code = months.unit_code AND portal.period_start = months.period_start
        AND portal.criterion_code = months.criterion_code
    LEFT JOIN read_rows
        ON months.criterion_level <> 'criterion' AND read_rows.unit_code = months.unit_code
        AND read_rows.period_start = months.period_start AND read_rows.criterion_code = months.criterion_code
),
now AS (
    SELECT dated.*,
        CASE WHEN dated.points IS NULL THEN NULL WHEN dated.criterion_level = 'criterion'
            THEN dated.points / NULLIF(dated.max_points, 0) ELSE dated.ratio END AS share,
        CASE WHEN dated.is_older_figure THEN COALESCE(night_base.figures_on, dated.captured_on) ELSE $night END AS figures_on,
        dated.is_older_figure AND whole.points IS DISTINCT FROM dated.points AS is_mixed
    FROM dated
    LEFT JOIN night_base
        ON night_base.source = dated.source AND night_base.unit_code = dated.unit_code
        AND night_base.period_start = dated.period_start AND night_base.criterion_code = dated.criterion_code
    LEFT JOIN held AS whole
        ON whole.night_on = night_base.figures_on AND NOT whole.is_older_figure AND whole.source = dated.source
        AND whole.unit_code = dated.unit_code AND whole.period_start = dated.period_start
        AND whole.criterion_code = dated.criterion_code
),
-- `stood`: the row of the night compared with; `base`: the last row until then whose figures are all of one night.
compared AS (
    SELECT now.source, now.unit_code, now.period_start, now.criterion_code, bases.kind, base.night_on AS base_on,
        base.points, base.numerator, base.denominator, base.rank, base.rank_of, base.direction, base.streak_nights,
        ROUND(now.points - base.points, 4) AS change,
        CASE
            WHEN bases.base_on IS NULL AND bases.kind = 'week' THEN 'Chưa có đêm nào cách một tuần để so sánh'
            WHEN bases.base_on IS NULL THEN 'Chưa có đêm nào trước đó'
            WHEN now.is_vanished THEN now.reason_vi
            WHEN now.points IS NULL THEN 'Đêm này chưa chấm được điểm'
            WHEN now.is_mixed
                THEN CONCAT(
                    'Cổng chưa cung cấp đủ số liệu mới: một phần giữ số liệu đọc ngày ',
                    COALESCE(STRFTIME(now.captured_on, '%d/%m/%Y'), 'không rõ'), ', nói tăng, giảm khi có đủ'
                )
            WHEN now.is_older_figure AND (bases.kind = 'night' OR now.figures_on <= base.night_on)
                THEN CONCAT(
                    'Cổng không cung cấp số liệu mới: giữ số liệu đọc ngày ',
                    COALESCE(STRFTIME(now.captured_on, '%d/%m/%Y'), 'không rõ'), ', không tính là một đêm không đổi'
                )
            WHEN stood.criterion_code IS NULL THEN 'Đêm so sánh chưa có kỳ này'
            WHEN bases.kind = 'week' AND (base.night_on IS NULL OR base.night_on <= $night - INTERVAL 14 DAY)
                THEN 'Chưa có đêm nào cách một tuần có đủ số liệu của một đêm để so sánh'
            WHEN base.night_on IS NULL THEN 'Chưa có đêm nào trước đó có đủ số liệu của một đêm để so sánh'
            WHEN base.points IS NULL THEN 'Đêm so sánh chưa chấm được điểm'
            WHEN base.rubric_version <> now.rubric_version
                THEN CONCAT('Đổi phiên bản bộ tiêu chí từ ', base.rubric_version, ' sang ', now.rubric_version, ': không so sánh được')
            WHEN base.rule <> now.rule OR base.max_points IS DISTINCT FROM now.max_points
                THEN 'Cách chấm khác đêm so sánh: không so sánh được'
            WHEN now.criterion_level <> 'criterion' AND base.denominator IS DISTINCT FROM now.denominator
                THEN 'Số điểm chấm được khác đêm so sánh: không so sánh được'
        END AS reason
    FROM now
    CROSS JOIN bases
    LEFT JOIN held AS stood
        ON stood.night_on = bases.base_on AND stood.source = now.source AND stood.unit_code = now.unit_code
        AND stood.period_start = now.period_start AND stood.criterion_code = now.criterion_code
    LEFT JOIN held AS base
        ON base.night_on = stood.figures_on AND NOT base.is_older_figure AND base.source = now.source
        AND base.unit_code = now.unit_code AND base.period_start = now.period_start
        AND base.criterion_code = now.criterion_code
),
told AS (
    SELECT compared.*, CASE WHEN reason IS NULL THEN change END AS told_change,
        CASE WHEN reason IS NOT NULL THEN NULL WHEN change > 0 THEN 'up' WHEN change < 0 THEN 'down' ELSE 'equal' END
            AS told_direction
    FROM compared
),
since_night AS (SELECT * FROM told WHERE kind = 'night'),
since_week AS (SELECT * FROM told WHERE kind = 'week'),
-- The dossiers that moved a criterion, those first that moved it in the direction of its change.
ordered_moves AS (
    SELECT moves.unit_code, moves.period_start, moves.criterion_code, moves.dossier_code,
        ROW_NUMBER() OVER (
            PARTITION BY moves.unit_code, moves.period_start, moves.criterion_code
            ORDER BY
                CASE WHEN COALESCE(since_night.told_change, 0) < 0 THEN -1 ELSE 1 END * (
                    moves.numerator - moves.numerator_before
                    - COALESCE(since_night.numerator / NULLIF(since_night.denominator, 0), 0)
                    * (moves.denominator - moves.denominator_before)
                ) DESC,
                moves.dossier_code, moves.dossier_id
        ) AS place
    FROM moves
    JOIN since_night
        ON since_night.source = 'local' AND since_night.unit_code = moves.unit_code
        AND since_night.period_start = moves.period_start AND since_night.criterion_code = moves.criterion_code
),
moved AS (
    SELECT unit_code, period_start, criterion_code, COUNT(*) AS dossiers_moved_count,
        CONCAT_WS(
            '; ', MAX(CASE WHEN place = 1 THEN dossier_code END), MAX(CASE WHEN place = 2 THEN dossier_code END),
            MAX(CASE WHEN place = 3 THEN dossier_code END), MAX(CASE WHEN place = 4 THEN dossier_code END),
            MAX(CASE WHEN place = 5 THEN dossier_code END)
        ) AS dossier_codes
    FROM ordered_moves GROUP BY unit_code, period_start, criterion_code
),
-- The criterion that moved a sum most in the direction of its change, since the night that the sum is compared with: its
-- own may be a later one.
sums AS (
    SELECT now.source, now.unit_code, now.period_start, now.criterion_code, now.criterion_level, since_night.told_change,
        since_night.base_on
    FROM now
    JOIN since_night
        ON since_night.source = now.source AND since_night.unit_code = now.unit_code
        AND since_night.period_start = now.period_start AND since_night.criterion_code = now.criterion_code
    WHERE since_night.told_change <> 0
),
movers AS (
    SELECT sums.source, sums.unit_code, sums.period_start, sums.criterion_code, part.criterion_code AS moved_by,
        ROW_NUMBER() OVER (
            PARTITION BY sums.source, sums.unit_code, sums.period_start, sums.criterion_code
            ORDER BY ABS(ROUND(part.points - base.points, 4)) DESC, part.criterion_code
        ) AS place
    FROM sums
    JOIN now AS part
        ON part.source = sums.source AND part.unit_code = sums.unit_code AND part.period_start = sums.period_start
        AND part.criterion_level = 'criterion'
        AND (sums.criterion_level = 'total' OR part.parent_code = sums.criterion_code)
    JOIN held AS base
        ON base.night_on = sums.base_on AND base.source = part.source AND base.unit_code = part.unit_code
        AND base.period_start = part.period_start AND base.criterion_code = part.criterion_code
        AND base.rule = part.rule AND base.max_points IS NOT DISTINCT FROM part.max_points
        AND ROUND(part.points - base.points, 4) * sums.told_change > 0
),
-- Peers of a total: units of its level that received from half to twice as many dossiers in the month, itself included.
-- Fewer than five say nothing.
volumes AS (
    SELECT source, unit_code, period_start, denominator AS volume FROM now
    WHERE criterion_code = 'DOSSIER_ON_TIME' AND denominator > 0
),
totals AS (
    SELECT now.source, now.unit_code, now.period_start, now.unit_level, now.rubric_version, now.reachable, now.points, volumes.volume
    FROM now
    JOIN volumes
        ON volumes.source = now.source AND volumes.unit_code = now.unit_code AND volumes.period_start = now.period_start
    WHERE now.criterion_level = 'total' AND now.points IS NOT NULL AND now.unit_level <> 'province'
),
peers AS (
    SELECT totals.source, totals.unit_code, totals.period_start, COUNT(*) AS peers_count,
        CASE WHEN COUNT(*) >= 5 THEN QUANTILE_CONT(peer.points, 0.25) END AS peers_first_quartile,
        CASE WHEN COUNT(*) >= 5 THEN QUANTILE_CONT(peer.points, 0.5) END AS peers_median,
        CASE WHEN COUNT(*) >= 5 THEN QUANTILE_CONT(peer.points, 0.75) END AS peers_third_quartile
    FROM totals
    JOIN totals AS peer
        ON peer.source = totals.source AND peer.period_start = totals.period_start
        AND peer.unit_level = totals.unit_level AND peer.rubric_version = totals.rubric_version
        AND peer.reachable = totals.reachable
        AND peer.volume >= totals.volume / 2 AND peer.volume <= totals.volume * 2
    GROUP BY totals.source, totals.unit_code, totals.period_start
)
SELECT $night AS night_on, now.source, now.unit_code, now.unit_name, now.unit_level, now.period_type, now.period_start,
    now.period_end, now.criterion_level, now.criterion_code, now.parent_code, now.criterion_name_vi, now.criterion_name_en,
    now.rubric_version, now.is_provisional, now.rule, now.numerator, now.denominator, now.ratio, now.points, now.max_points,
    now.status, now.reason_vi,
    CASE WHEN now.share IS NOT NULL
        THEN RANK() OVER (alike ORDER BY CASE WHEN now.share IS NULL THEN 1 ELSE 0 END, now.share DESC) END AS rank,
    CASE WHEN now.share IS NOT NULL THEN COUNT(now.share) OVER alike END AS rank_of,
    since_night.base_on AS before_on, since_night.points AS points_before, since_night.numerator AS numerator_before,
    since_night.denominator AS denominator_before,
    CASE WHEN since_night.rank_of = COUNT(now.share) OVER alike THEN since_night.rank END AS rank_before,
    since_night.told_change AS change, since_night.reason AS change_reason_vi, since_week.base_on AS week_before_on,
    since_week.points AS points_week_before, since_week.told_change AS change_week, since_week.reason AS change_week_reason_vi,
    CASE WHEN now.is_older_figure THEN since_night.direction ELSE since_night.told_direction END AS direction,
    CASE
        WHEN now.is_older_figure THEN since_night.streak_nights
        WHEN since_night.told_direction IS NULL THEN NULL
        WHEN since_night.told_direction = since_night.direction THEN since_night.streak_nights + 1
        ELSE 1
    END AS streak_nights,
    CASE WHEN since_night.told_change <> 0 THEN RANK() OVER (
        PARTITION BY now.source, now.criterion_level, COALESCE(now.unit_level, '') = 'province'
        ORDER BY ABS(COALESCE(since_night.told_change, 0)) DESC, now.period_start DESC, now.unit_code, now.criterion_code
    ) END AS move_order,
    movers.moved_by, moved.dossiers_moved_count, moved.dossier_codes,
    CASE WHEN now.source = 'local' AND now.criterion_level = 'criterion' AND STARTS_WITH(now.evidence, 'indicator_values:')
            AND (now.numerator IS DISTINCT FROM since_night.numerator
                OR now.denominator IS DISTINCT FROM since_night.denominator)
            AND since_night.base_on IS NOT NULL
        THEN CONCAT(
            'cchc explain ', now.criterion_code, ' --unit ', now.unit_code, ' --from ', now.period_start, ' --to ',
            LEAST(now.period_end, $night), ' --since ', since_night.base_on, ' --until ', $night
        ) END AS explain_command,
    now.is_older_figure, now.figures_on, now.captured_on, now.portal_score_delta, now.portal_growth_pct,
    peers.peers_count, peers.peers_first_quartile, peers.peers_median, peers.peers_third_quartile
FROM now
JOIN since_night
    ON since_night.source = now.source AND since_night.unit_code = now.unit_code
    AND since_night.period_start = now.period_start AND since_night.criterion_code = now.criterion_code
JOIN since_week
    ON since_week.source = now.source AND since_week.unit_code = now.unit_code
    AND since_week.period_start = now.period_start AND since_week.criterion_code = now.criterion_code
LEFT JOIN movers
    ON movers.place = 1 AND movers.source = now.source AND movers.unit_code = now.unit_code
    AND movers.period_start = now.period_start AND movers.criterion_code = now.criterion_code
LEFT JOIN moved
    ON now.source = 'local' AND moved.unit_code = now.unit_code AND moved.period_start = now.period_start
    AND moved.criterion_code = now.criterion_code
LEFT JOIN peers
    ON now.criterion_level = 'total' AND peers.source = now.source AND peers.unit_code = now.unit_code
    AND peers.period_start = now.period_start
WINDOW alike AS (PARTITION BY now.source, now.period_start, now.unit_level, now.criterion_code)
