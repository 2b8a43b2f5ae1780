-- What the provider of version 10.4.2 looks up: all of it, or a silo does not start.
SET LOCAL search_path = public, pg_temp;

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey',
 'SELECT trident_version_insert(@DeploymentId)'),
('InsertMembershipKey',
 'SELECT trident_membership_insert(@DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime, @Version)'),
('UpdateMembershipKey',
 'SELECT trident_membership_update(@DeploymentId, @Address, @Port, @Generation, @Status, @SuspectTimes, @IAmAliveTime, @Version)'),
('UpdateIAmAlivetimeKey',
 'SELECT trident_membership_alive(@DeploymentId, @Address, @Port, @Generation, @IAmAliveTime)'),
-- The version comes also when there is no silo: the provider reads it from the first row.
('MembershipReadRowKey',
 'SELECT v.Version, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime
FROM OrleansMembershipVersionTable v
LEFT JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
WHERE v.DeploymentId = @DeploymentId'),
('MembershipReadAllKey',
 'SELECT v.Version, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime
FROM OrleansMembershipVersionTable v
LEFT JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId
WHERE v.DeploymentId = @DeploymentId'),
-- Clients may read the view and not the table, and the view holds what is active (3), the only status that is asked for.
('GatewaysQueryKey',
 'SELECT address AS Address, port AS ProxyPort, generation AS Generation FROM trident_gateways WHERE cluster = @DeploymentId AND @Status = 3'),
('DeleteMembershipTableEntriesKey',
 'SELECT trident_membership_delete(@DeploymentId)'),
('CleanupDefunctSiloEntriesKey',
 'SELECT trident_membership_cleanup(@DeploymentId, @IAmAliveTime)')
ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText WHERE OrleansQuery.QueryText <> excluded.QueryText;
