-- First, so that nothing is touched of a schema that is newer than these scripts, whoever applies them: trident sql apply or psql
-- (with -1 and ON_ERROR_STOP). Two who apply at once come one after the other.
SET LOCAL search_path = public, pg_temp;

DO $$
DECLARE
    known CONSTANT int := 1;
    present int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(23734372675178068); -- "TRIDENT", which trident sql apply takes, too
    IF to_regclass('public.trident_schema') IS NOT NULL THEN
        EXECUTE 'SELECT coalesce(max(version), 0) FROM public.trident_schema' INTO present;
    END IF;
    IF present > known THEN
        RAISE EXCEPTION 'this database has version % of Trident''s tables and these scripts are of version %; use the newer ones', present, known;
    END IF;
END
$$;
