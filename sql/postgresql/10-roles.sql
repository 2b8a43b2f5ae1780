-- Group roles without a login. A login gets its rights by membership, for example
--     CREATE ROLE party_1 LOGIN PASSWORD '…' IN ROLE trident_silo;
-- Roles belong to the whole server, not to one database, so they may be there already; then nothing is done here, and the
-- applying user needs no right to create roles.
SET LOCAL search_path = public, pg_temp;

DO $$
DECLARE
    wanted CONSTANT text[][] := ARRAY[
        ['trident_silo', 'Silos of Trident: read the membership, and change it through functions alone.'],
        ['trident_client', 'Clients of Trident: read where the gateways are.'],
        ['trident_operator', 'Operators of Trident: read the views of silos and clusters.']];
    i int;
BEGIN
    FOR i IN 1 .. array_length(wanted, 1) LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = wanted[i][1]) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted[i][1]);
                EXECUTE format('COMMENT ON ROLE %I IS %L', wanted[i][1], wanted[i][2]);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- Another database of this server was prepared at the same moment: the role is there, which is all that is wanted.
            END;
        END IF;
    END LOOP;
END
$$;
