-- The newest reading of each external index of a unit. Input: external (external_indices). Parameter: $unit.
SELECT * FROM external WHERE unit_code = $unit
QUALIFY ROW_NUMBER() OVER (PARTITION BY index_code ORDER BY year DESC, as_of_on DESC) = 1
ORDER BY index_code
