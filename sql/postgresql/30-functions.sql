-- Every change of membership. They run with the rights of their owner, so a silo needs no right to write a table and cannot
-- change a membership other than by the rules below. Each is one statement for the caller and takes effect whole or not at all.
SET LOCAL search_path = public, pg_temp;

CREATE OR REPLACE FUNCTION trident_version_insert(p_deployment text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH added AS (
        INSERT INTO OrleansMembershipVersionTable (DeploymentId) VALUES (p_deployment)
        ON CONFLICT (DeploymentId) DO NOTHING
        RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM added);
$$;
COMMENT ON FUNCTION trident_version_insert(text) IS 'Opens the membership of a cluster at version 0; false when it is open already, also when another silo was quicker.';

-- The lock on the version's row comes first in both functions below. Whoever waits for it sees the version that the other
-- left, which is no longer the one it read: of two changes from one version, one is made and one is told false.
CREATE OR REPLACE FUNCTION trident_membership_insert(
    p_deployment text, p_address text, p_port int, p_generation int, p_silo text, p_host text, p_status int, p_proxy_port int,
    p_start timestamptz, p_alive timestamptz, p_version int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM OrleansMembershipVersionTable WHERE DeploymentId = p_deployment AND Version = p_version FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    INSERT INTO OrleansMembershipTable
        (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
    VALUES (p_deployment, p_address, p_port, p_generation, p_silo, p_host, p_status, p_proxy_port, p_start, p_alive)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Changed = clock_timestamp() WHERE DeploymentId = p_deployment;
    RETURN true;
END
$$;
COMMENT ON FUNCTION trident_membership_insert(text, text, int, int, text, text, int, int, timestamptz, timestamptz, int) IS 'Adds a silo and moves the version on; false, and nothing changed, when the version is no longer the one that was read or the silo is there already.';

CREATE OR REPLACE FUNCTION trident_membership_update(
    p_deployment text, p_address text, p_port int, p_generation int, p_status int, p_suspects text, p_alive timestamptz,
    p_version int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM OrleansMembershipVersionTable WHERE DeploymentId = p_deployment AND Version = p_version FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    -- A silo that suspects another writes back the time that it read a while ago; it must not undo a later sign of life.
    UPDATE OrleansMembershipTable
    SET Status = p_status,
        SuspectTimes = p_suspects,
        IAmAliveTime = greatest(IAmAliveTime, p_alive),
        StatusSince = CASE WHEN Status = p_status THEN StatusSince ELSE clock_timestamp() END
    WHERE DeploymentId = p_deployment AND Address = p_address AND Port = p_port AND Generation = p_generation;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Changed = clock_timestamp() WHERE DeploymentId = p_deployment;
    RETURN true;
END
$$;
COMMENT ON FUNCTION trident_membership_update(text, text, int, int, int, text, timestamptz, int) IS 'Changes status and suspicions of a silo and moves the version on; false, and nothing changed, when the version is no longer the one that was read or there is no such silo.';

CREATE OR REPLACE FUNCTION trident_membership_alive(
    p_deployment text, p_address text, p_port int, p_generation int, p_alive timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH heard AS (
        UPDATE OrleansMembershipTable SET IAmAliveTime = p_alive
        WHERE DeploymentId = p_deployment AND Address = p_address AND Port = p_port AND Generation = p_generation
        RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM heard);
$$;
COMMENT ON FUNCTION trident_membership_alive(text, text, int, int, timestamptz) IS 'Notes a sign of life. No change of membership, so it moves no version and races with nothing. False when there is no such silo.';

CREATE OR REPLACE FUNCTION trident_membership_cleanup(p_deployment text, p_before timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- The provider gives its limit in ticks of 100 ns, one tick after the newest row that is to go; here a microsecond is the
    -- least there is and the tick is cut off. Hence "not after" where the limit says "before".
    WITH gone AS (
        DELETE FROM OrleansMembershipTable
        WHERE DeploymentId = p_deployment AND IAmAliveTime <= p_before AND Status <> 3
        RETURNING 1)
    SELECT count(*) FROM gone;
$$;
COMMENT ON FUNCTION trident_membership_cleanup(text, timestamptz) IS 'Forgets silos that are not active and were not heard of since; gives how many. Active ones stay, however long they are silent: only the cluster may declare them dead.';

CREATE OR REPLACE FUNCTION trident_membership_delete(p_deployment text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM OrleansMembershipTable WHERE DeploymentId = p_deployment;
    DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = p_deployment;
$$;
COMMENT ON FUNCTION trident_membership_delete(text) IS 'Forgets a cluster. For the owner of the database; no silo has a right to it.';

CREATE OR REPLACE FUNCTION trident_party(p_silo text) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN p_silo ~ '^party-[1-3](-|$)' THEN substr(p_silo, 7, 1)::int END;
$$;
COMMENT ON FUNCTION trident_party(text) IS 'Party in a silo''s name, party-N or party-N-k; null for any other name.';

CREATE OR REPLACE FUNCTION trident_status(p_status int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT (ARRAY['none', 'created', 'joining', 'active', 'shutting down', 'stopping', 'dead'])[p_status + 1];
$$;
COMMENT ON FUNCTION trident_status(int) IS 'Orleans'' SiloStatus in words.';

CREATE OR REPLACE FUNCTION trident_silent_after() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT interval '20 seconds';
$$;
COMMENT ON FUNCTION trident_silent_after() IS 'An active silo that was not heard of for so long is shown as silent: four of its signs of life are missing. Clocks of silos and of this server are taken to agree within seconds.';
