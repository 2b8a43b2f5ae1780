using System.Net;
using System.Net.Sockets;
using Trident.Grains.Stock;
using Trident.Grains.Tables;
using Trident.Protocol.Product;
using Trident.Protocol.Sealing;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;

namespace Trident.Silo;

/// <summary>What a party reads at start: its identity, the descriptor of all three, its tables. Every fault has its own message and exit code.</summary>
public sealed class PartyFiles
{
    private PartyFiles(PartiesDescriptor parties, PartyIdentity identity, PairKeys keys, OwnerSeal owner, ServedTables tables) =>
        (Parties, Identity, Keys, Owner, Tables) = (parties, identity, keys, owner, tables);

    /// <summary>Addresses and public keys of the three.</summary>
    public PartiesDescriptor Parties { get; }

    /// <summary>This party's private key.</summary>
    public PartyIdentity Identity { get; }

    /// <summary>The secrets shared with each peer.</summary>
    public PairKeys Keys { get; }

    /// <summary>What opens the data owner's changes.</summary>
    public OwnerSeal Owner { get; }

    /// <summary>The tables to serve.</summary>
    public ServedTables Tables { get; }

    /// <summary>Reads and checks everything.</summary>
    /// <exception cref="StartException">Something is missing, damaged or does not fit together.</exception>
    public static PartyFiles Load(SiloSettings settings)
    {
        if (settings.Party is < 1 or > 3)
        {
            throw new StartException(StartException.BadConfiguration, $"The party is {settings.Party}; give --party 1, 2 or 3.");
        }

        if (!Directory.Exists(settings.Deployment))
        {
            throw new StartException(StartException.BadConfiguration,
                $"The deployment directory '{settings.Deployment}' does not exist; make one with 'trident init DIR' and give it with --deployment DIR.");
        }

        DeploymentLayout layout = new(settings.Deployment);
        PartiesDescriptor parties = Load(() => PartiesDescriptor.Load(layout.PartiesFile), StartException.DescriptorMismatch);
        PartyIdentity identity = Load(() => PartyIdentity.Load(layout.IdentityFile(settings.Party)), StartException.MissingKey);
        if (identity.Party != settings.Party || identity.Deployment != parties.Deployment)
        {
            throw new StartException(StartException.DescriptorMismatch,
                $"The identity in {layout.IdentityFile(settings.Party)} is of party {identity.Party} of deployment {identity.Deployment}, "
                + $"not of party {settings.Party} of deployment {parties.Deployment}.");
        }

        PairKeys keys = Load(() => identity.DerivePairKeys(parties), StartException.DescriptorMismatch);
        List<ServedTable> tables = [];
        foreach (TableDescription description in Load(layout.Tables, StartException.BadShareFile))
        {
            string path = layout.ShareFile(settings.Party, description.Name, description.Version);
            ShareFile file = Load(() => ShareFile.Open(path, settings.Party, settings.VerifyShares, parties.Deployment), StartException.BadShareFile);
            if (file.Description != description)
            {
                throw new StartException(StartException.BadShareFile,
                    $"The share file {path} is not of this version of the table; share the table again with --replace.");
            }

            TableChanges? changes = description.Product == TableDescription.BeaverProduct
                ? Load(() => new TableChanges(file, layout.JournalFile(settings.Party, description.Name, description.Version)), StartException.BadShareFile)
                : null;
            tables.Add(new ServedTable(file, new StockLedger(settings.Party, StockSizes.LedgerBytes(description, settings.Exchange)), changes));
        }

        OwnerSeal owner = new(Load(() => parties.OwnerKeyBytes() is { } key ? identity.DeriveChangeSeal(key) : null, StartException.DescriptorMismatch));
        return new PartyFiles(parties, identity, keys, owner, new ServedTables(tables));
    }

    /// <summary>Fails early, and with the port's number, when a port is taken.</summary>
    public static void CheckPorts(PartyEndpoint endpoint, IPAddress listen)
    {
        foreach ((string what, int port) in new[] { ("silo", endpoint.SiloPort), ("gateway", endpoint.GatewayPort), ("exchange", endpoint.ExchangePort) })
        {
            CheckPort(what, port, listen, endpoint.Party, "Ports are set in parties.json.");
        }
    }

    /// <summary>Likewise for the HTTP port; 0 is none.</summary>
    public static void CheckHttpPort(int port, IPAddress listen, int party)
    {
        if (port != 0)
        {
            CheckPort("HTTP", port, listen, party, "It is set by Trident:Http:Port.");
        }
    }

    private static void CheckPort(string what, int port, IPAddress listen, int party, string where)
    {
        using Socket socket = new(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(listen, port));
            socket.Listen(1);
        }
        catch (SocketException e)
        {
            throw new StartException(StartException.PortTaken,
                $"The {what} port {port} of party {party} cannot be opened on {listen}: {e.Message}. Is another silo running there? {where}", e);
        }
    }

    private static T Load<T>(Func<T> load, int exitCode)
    {
        try
        {
            return load();
        }
        catch (Exception e) when (e is IdentityException or TableException or IOException or UnauthorizedAccessException or FormatException or System.Text.Json.JsonException)
        {
            throw new StartException(exitCode, e.Message, e);
        }
    }
}
