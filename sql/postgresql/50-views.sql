-- For people: what the database knows of the silos. The parties themselves ask one another every second and do not wait for
-- this; a view shows what the membership says.
SET LOCAL search_path = public, pg_temp;

CREATE OR REPLACE VIEW trident_silos AS
SELECT DeploymentId AS cluster,
       trident_party(SiloName) AS party,
       SiloName AS silo,
       CASE WHEN Address LIKE '%:%' THEN '[' || Address || ']' ELSE Address END || ':' || Port AS address,
       CASE WHEN ProxyPort > 0 THEN CASE WHEN Address LIKE '%:%' THEN '[' || Address || ']' ELSE Address END || ':' || ProxyPort END AS gateway,
       HostName AS host,
       CASE WHEN Status = 3 AND IAmAliveTime < now() - trident_silent_after() THEN 'silent' ELSE trident_status(Status) END AS status,
       StatusSince AS since,
       StartTime AS started,
       IAmAliveTime AS last_heard,
       Generation AS generation
FROM OrleansMembershipTable
ORDER BY DeploymentId, trident_party(SiloName), SiloName, StartTime DESC;
COMMENT ON VIEW trident_silos IS 'Every start of a silo that is remembered, the newest of a silo first.';
COMMENT ON COLUMN trident_silos.cluster IS 'Cluster id, trident-<deployment id>.';
COMMENT ON COLUMN trident_silos.party IS 'Party, from the silo''s name; null when the name is none of a party''s.';
COMMENT ON COLUMN trident_silos.silo IS 'Name of the silo.';
COMMENT ON COLUMN trident_silos.address IS 'Where the other silos reach it.';
COMMENT ON COLUMN trident_silos.gateway IS 'Where clients reach it; null when it takes none.';
COMMENT ON COLUMN trident_silos.host IS 'Name of its machine.';
COMMENT ON COLUMN trident_silos.status IS 'Status of the membership in words; silent for an active silo that has not been heard of for trident_silent_after().';
COMMENT ON COLUMN trident_silos.since IS 'Since when the membership has this status.';
COMMENT ON COLUMN trident_silos.started IS 'When it started, by its own clock.';
COMMENT ON COLUMN trident_silos.last_heard IS 'Its last sign of life here, by its own clock.';
COMMENT ON COLUMN trident_silos.generation IS 'Tells one start of a silo from another.';

CREATE OR REPLACE VIEW trident_cluster AS
SELECT v.DeploymentId AS cluster,
       p.party,
       CASE WHEN count(*) FILTER (WHERE s.status = 'active') > 0 THEN 'up'
            WHEN count(*) FILTER (WHERE s.status = 'silent') > 0 THEN 'silent'
            WHEN count(*) FILTER (WHERE s.status IN ('created', 'joining')) > 0 THEN 'joining'
            ELSE 'down' END AS state,
       count(*) FILTER (WHERE s.status = 'active')::int AS silos_up,
       coalesce(min(s.since) FILTER (WHERE s.status IN ('active', 'silent')), max(s.since)) AS since,
       max(s.last_heard) AS last_heard,
       v.Version AS version
FROM OrleansMembershipVersionTable v
CROSS JOIN (VALUES (1), (2), (3)) AS p(party)
LEFT JOIN trident_silos s ON s.cluster = v.DeploymentId AND s.party = p.party
GROUP BY v.DeploymentId, v.Version, p.party
ORDER BY v.DeploymentId, p.party;
COMMENT ON VIEW trident_cluster IS 'What is up, per cluster and party: three rows a cluster.';
COMMENT ON COLUMN trident_cluster.cluster IS 'Cluster id, trident-<deployment id>.';
COMMENT ON COLUMN trident_cluster.party IS 'Party, 1 to 3.';
COMMENT ON COLUMN trident_cluster.state IS 'up: a silo of it is active. silent: active, but not heard of for trident_silent_after(). joining: about to be. down: none.';
COMMENT ON COLUMN trident_cluster.silos_up IS 'How many of its silos are active and heard of.';
COMMENT ON COLUMN trident_cluster.since IS 'Since when it is so: the first of its active silos, or else the last change of any.';
COMMENT ON COLUMN trident_cluster.last_heard IS 'The last sign of life of any of its silos; null when there never was one.';
COMMENT ON COLUMN trident_cluster.version IS 'Version of the cluster''s membership.';

CREATE OR REPLACE VIEW trident_gateways AS
SELECT DeploymentId AS cluster,
       trident_party(SiloName) AS party,
       SiloName AS silo,
       Address AS address,
       ProxyPort AS port,
       Generation AS generation
FROM OrleansMembershipTable
WHERE Status = 3 AND ProxyPort > 0;
COMMENT ON VIEW trident_gateways IS 'Where clients reach the parties: gateways of active silos. All that a client may read.';
COMMENT ON COLUMN trident_gateways.cluster IS 'Cluster id, trident-<deployment id>.';
COMMENT ON COLUMN trident_gateways.party IS 'Party of the silo.';
COMMENT ON COLUMN trident_gateways.silo IS 'Name of the silo.';
COMMENT ON COLUMN trident_gateways.address IS 'IP address of the gateway.';
COMMENT ON COLUMN trident_gateways.port IS 'Port of the gateway.';
COMMENT ON COLUMN trident_gateways.generation IS 'Tells one start of a silo from another.';
