using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Console.Deployments;

/// <summary>Makes a new deployment: three parties' identities and the data owner's, and the descriptor of the parties.</summary>
internal static class DeploymentWriter
{
    /// <summary>The hosts of a deployment on this machine alone.</summary>
    public static readonly IReadOnlyList<string> Loopback = ["127.0.0.1", "127.0.0.1", "127.0.0.1"];

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Writes <c>DIR/party-N/identity.json</c>, <c>DIR/owner/identity.json</c> and, last, <c>DIR/parties.json</c>. A failure takes back what it wrote.</summary>
    /// <param name="directory">The deployment's directory; made when it is missing.</param>
    /// <param name="hosts">Three addresses, of parties 1, 2 and 3; the same one three times for one machine.</param>
    /// <param name="basePort">Party p has silo port <c>base + 10 p</c>, gateway port one more, exchange port two more.</param>
    /// <exception cref="ConsoleException">There is a deployment already.</exception>
    public static PartiesDescriptor Write(string directory, IReadOnlyList<string> hosts, int basePort)
    {
        DeploymentLayout layout = new(directory);
        if (File.Exists(layout.PartiesFile))
        {
            throw new ConsoleException($"{layout.PartiesFile} exists already: this directory holds a deployment. Choose another directory.");
        }

        Guid deployment = Guid.NewGuid();
        PartyEndpoint[] endpoints = new PartyEndpoint[3];
        List<string> written = [];
        try
        {
            Directory.CreateDirectory(directory);
            for (int party = 1; party <= 3; party++)
            {
                MakePrivate(layout.PartyDirectory(party));
                using PartyIdentity identity = PartyIdentity.Generate(party, deployment);
                identity.Save(layout.IdentityFile(party));
                written.Add(layout.IdentityFile(party));
                int port = basePort + party * 10;
                endpoints[party - 1] = new PartyEndpoint(party, hosts[party - 1], port, port + 1, port + 2, Convert.ToBase64String(identity.PublicKey));
            }

            MakePrivate(layout.OwnerDirectory);
            using OwnerIdentity owner = OwnerIdentity.Generate(deployment);
            owner.Save(layout.OwnerIdentityFile);
            written.Add(layout.OwnerIdentityFile);
            PartiesDescriptor descriptor = new(1, deployment, endpoints) { Owner = Convert.ToBase64String(owner.PublicKey) };
            descriptor.Validate();
            descriptor.Save(layout.PartiesFile);
            return descriptor;
        }
        catch
        {
            // Only files of this run: an identity that was there before may be the last copy of a key.
            written.ForEach(File.Delete);
            throw;
        }
    }

    /// <summary>Makes a directory that its owner alone may read.</summary>
    public static void MakePrivate(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, OwnerOnly);
        }
    }
}
