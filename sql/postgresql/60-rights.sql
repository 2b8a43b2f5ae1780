-- The least that each needs. Everything is taken first, so that a right that an earlier version gave is gone.
SET LOCAL search_path = public, pg_temp;

REVOKE ALL ON trident_schema, OrleansQuery, OrleansMembershipVersionTable, OrleansMembershipTable, trident_silos, trident_cluster, trident_gateways
    FROM PUBLIC, trident_silo, trident_client, trident_operator;
REVOKE ALL ON FUNCTION
    trident_version_insert(text),
    trident_membership_insert(text, text, int, int, text, text, int, int, timestamptz, timestamptz, int),
    trident_membership_update(text, text, int, int, int, text, timestamptz, int),
    trident_membership_alive(text, text, int, int, timestamptz),
    trident_membership_cleanup(text, timestamptz),
    trident_membership_delete(text)
    FROM PUBLIC, trident_silo, trident_client, trident_operator;
-- Usual since PostgreSQL 15, and not in a server or a database that is older.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO trident_silo, trident_client, trident_operator;

-- A silo changes the membership through functions and deletes no cluster.
GRANT SELECT ON trident_schema, OrleansQuery, OrleansMembershipVersionTable, OrleansMembershipTable TO trident_silo;
GRANT EXECUTE ON FUNCTION
    trident_version_insert(text),
    trident_membership_insert(text, text, int, int, text, text, int, int, timestamptz, timestamptz, int),
    trident_membership_update(text, text, int, int, int, text, timestamptz, int),
    trident_membership_alive(text, text, int, int, timestamptz),
    trident_membership_cleanup(text, timestamptz)
    TO trident_silo;

-- OrleansQuery also to clients: an Orleans client with this provider reads its statement there.
GRANT SELECT ON trident_schema, OrleansQuery, trident_gateways TO trident_client;
GRANT SELECT ON trident_schema, trident_silos, trident_cluster, trident_gateways TO trident_operator;

-- Last: the scripts are applied in one transaction, so this row says that all of it is there.
INSERT INTO trident_schema (version) VALUES (1) ON CONFLICT DO NOTHING;
