-- The membership of Orleans clusters. Table and column names that begin the provider's way (OrleansQuery, QueryKey) are
-- looked up by Microsoft.Orleans.Clustering.AdoNet; everything else reaches the tables through the texts in OrleansQuery.
-- Times are timestamptz: an instant, whatever the time zone of the server, of a silo, or of whoever looks.
SET LOCAL search_path = public, pg_temp;

CREATE TABLE IF NOT EXISTS trident_schema (
    version int PRIMARY KEY CHECK (version > 0),
    applied timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE trident_schema IS 'Versions of these scripts that were applied to this database; the highest is the present one.';
COMMENT ON COLUMN trident_schema.version IS 'Version of the scripts.';
COMMENT ON COLUMN trident_schema.applied IS 'When this version was applied first.';
COMMENT ON COLUMN trident_schema.applied_by IS 'Who applied it first.';

CREATE TABLE IF NOT EXISTS OrleansQuery (
    QueryKey text PRIMARY KEY,
    QueryText text NOT NULL
);
COMMENT ON TABLE OrleansQuery IS 'The statements that the Orleans provider runs, by name; it reads them once, when a silo starts.';
COMMENT ON COLUMN OrleansQuery.QueryKey IS 'Name by which the provider looks the statement up.';
COMMENT ON COLUMN OrleansQuery.QueryText IS 'The statement, with the provider''s named parameters.';

CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable (
    DeploymentId text PRIMARY KEY CHECK (DeploymentId <> ''),
    Version int NOT NULL DEFAULT 0 CHECK (Version >= 0),
    Changed timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE OrleansMembershipVersionTable IS 'One row per cluster: the version of its membership. Every change of membership locks this row and moves the version on by one, so changes of one cluster happen one after another.';
COMMENT ON COLUMN OrleansMembershipVersionTable.DeploymentId IS 'Cluster id, trident-<deployment id>.';
COMMENT ON COLUMN OrleansMembershipVersionTable.Version IS 'Version of the membership, and its etag: a change is made only by who read the present one.';
COMMENT ON COLUMN OrleansMembershipVersionTable.Changed IS 'When the membership changed last, by the clock of this server.';

CREATE TABLE IF NOT EXISTS OrleansMembershipTable (
    DeploymentId text NOT NULL REFERENCES OrleansMembershipVersionTable,
    Address text NOT NULL CHECK (Address <> ''),
    Port int NOT NULL CHECK (Port BETWEEN 0 AND 65535),
    Generation int NOT NULL,
    SiloName text NOT NULL,
    HostName text NOT NULL,
    Status int NOT NULL CHECK (Status BETWEEN 0 AND 6),
    ProxyPort int NOT NULL CHECK (ProxyPort BETWEEN 0 AND 65535),
    SuspectTimes text,
    StartTime timestamptz NOT NULL,
    IAmAliveTime timestamptz NOT NULL,
    StatusSince timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (DeploymentId, Address, Port, Generation)
) WITH (fillfactor = 70);
COMMENT ON TABLE OrleansMembershipTable IS 'One row per start of a silo. A silo that starts again has a new generation and so a new row; the old one is declared dead. Room is left in the pages because every row is updated every few seconds.';
COMMENT ON COLUMN OrleansMembershipTable.DeploymentId IS 'Cluster id.';
COMMENT ON COLUMN OrleansMembershipTable.Address IS 'IP address at which the other silos reach it.';
COMMENT ON COLUMN OrleansMembershipTable.Port IS 'Its port for the other silos.';
COMMENT ON COLUMN OrleansMembershipTable.Generation IS 'Tells one start of a silo at this address from another.';
COMMENT ON COLUMN OrleansMembershipTable.SiloName IS 'Name of the silo, party-N or party-N-k; the party is read from it.';
COMMENT ON COLUMN OrleansMembershipTable.HostName IS 'Name of the machine, as the silo gives it.';
COMMENT ON COLUMN OrleansMembershipTable.Status IS 'Orleans'' SiloStatus: 0 none, 1 created, 2 joining, 3 active, 4 shutting down, 5 stopping, 6 dead.';
COMMENT ON COLUMN OrleansMembershipTable.ProxyPort IS 'Its port for clients (gateway); 0 when it takes none.';
COMMENT ON COLUMN OrleansMembershipTable.SuspectTimes IS 'Who suspects it to be dead and since when, in Orleans'' own notation.';
COMMENT ON COLUMN OrleansMembershipTable.StartTime IS 'When it started, by its own clock.';
COMMENT ON COLUMN OrleansMembershipTable.IAmAliveTime IS 'When it last said that it lives, by its own clock.';
COMMENT ON COLUMN OrleansMembershipTable.StatusSince IS 'Since when it has this status, by the clock of this server. Ours; the provider does not know it.';
