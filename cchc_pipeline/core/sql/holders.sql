-- Records under the unit that held their code when they came in. Input: records, former (units.py).
SELECT {columns}
FROM records
LEFT JOIN former
    ON former.code = records.unit_code AND COALESCE({came_in}) BETWEEN former.valid_from AND former.valid_to
