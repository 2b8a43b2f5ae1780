using System.Text.Json;

namespace Trident.Protocol.Sealing;

/// <summary>Where a party is reached, and its public key (base64).</summary>
public sealed record PartyEndpoint(int Party, string Host, int SiloPort, int GatewayPort, int ExchangePort, string PublicKey);

/// <summary>The public description of a deployment: <c>parties.json</c>.</summary>
public sealed record PartiesDescriptor(int Format, Guid Deployment, PartyEndpoint[] Parties)
{
    /// <summary>The format that this version reads and writes.</summary>
    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The endpoint of a party.</summary>
    public PartyEndpoint this[int party] => Parties.First(p => p.Party == party);

    /// <summary>Reads and validates a descriptor.</summary>
    /// <exception cref="IdentityException">It is missing, damaged, or describes no three parties.</exception>
    public static PartiesDescriptor Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new IdentityException($"The descriptor {path} is missing; 'trident init DIR' makes a deployment.");
        }

        try
        {
            PartiesDescriptor descriptor = JsonSerializer.Deserialize<PartiesDescriptor>(File.ReadAllBytes(path), Json)
                ?? throw new IdentityException($"The descriptor {path} is empty.");
            descriptor.Validate();
            return descriptor;
        }
        catch (JsonException e)
        {
            throw new IdentityException($"The descriptor {path} is no valid JSON: {e.Message}", e);
        }
    }

    /// <summary>Writes the descriptor to a new file.</summary>
    public void Save(string path)
    {
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write);
        JsonSerializer.Serialize(file, this, Json);
    }

    /// <summary>Checks format, parties, ports and keys.</summary>
    /// <exception cref="IdentityException">Something is wrong; the message says what.</exception>
    public void Validate()
    {
        if (Format != CurrentFormat)
        {
            throw new IdentityException($"The descriptor has format {Format}; this version reads format {CurrentFormat}.");
        }

        if (Parties is null || !Parties.Select(p => p.Party).Order().SequenceEqual([1, 2, 3]))
        {
            throw new IdentityException("The descriptor must name the parties 1, 2 and 3, each once.");
        }

        foreach (PartyEndpoint p in Parties)
        {
            if (string.IsNullOrWhiteSpace(p.Host) || new[] { p.SiloPort, p.GatewayPort, p.ExchangePort }.Any(port => port is < 1 or > 65535))
            {
                throw new IdentityException($"Party {p.Party} needs a host and three ports of 1 to 65535 in the descriptor.");
            }

            byte[] key = new byte[33];
            if (p.PublicKey is null || !Convert.TryFromBase64String(p.PublicKey, key, out int length) || length != 32)
            {
                throw new IdentityException($"The public key of party {p.Party} in the descriptor is not 32 bytes of base64.");
            }
        }

        if (Parties.Select(p => p.PublicKey).Distinct().Count() != 3)
        {
            throw new IdentityException("Two parties have the same public key in the descriptor.");
        }
    }
}
