using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Console.Deployments;

/// <summary>
/// Gives one party a new identity, on that party's machine. Share files and journals stay as they are: they name the deployment
/// and the party, not its key. What changes is parties.json, which all parties and clients must then have.
/// </summary>
/// <remarks>
/// The new identity is on the disk before parties.json names it, and takes the old one's place after. Wherever this is cut
/// short, both identities are there, parties.json says which of them counts, and the next run goes on from there.
/// </remarks>
/// <param name="layout">The deployment, as that party's machine has it.</param>
/// <param name="party">1, 2 or 3.</param>
/// <param name="lost">The old identity is gone, so the new one is made without it.</param>
internal sealed class IdentityRotation(DeploymentLayout layout, int party, bool lost = false)
{
    /// <summary>The identity that is about to count.</summary>
    public string NextFile => Path.Combine(layout.PartyDirectory(party), "identity.next.json");

    /// <summary>The identity that counted before; the operator deletes it when all have the new description.</summary>
    public string PreviousFile => Path.Combine(layout.PartyDirectory(party), "identity.previous.json");

    /// <summary>Makes the new identity the party's, or finishes what an earlier run began.</summary>
    /// <returns>The new public key, in base64, as parties.json has it.</returns>
    /// <exception cref="ConsoleException">The files do not fit together, or the old identity of an earlier rotation is still there.</exception>
    /// <exception cref="IdentityException">An identity is missing, damaged, or cannot be written.</exception>
    public string Run()
    {
        if (File.Exists(PreviousFile) && !File.Exists(NextFile))
        {
            throw new ConsoleException(
                $"{PreviousFile} is still there, from an earlier rotation. Delete it once all three parties serve with the present parties.json; then rotate again.");
        }

        PartiesDescriptor parties = PartiesDescriptor.Load(layout.PartiesFile);
        string publicKey = Next(parties);
        if (parties[party].PublicKey != publicKey)
        {
            MustBeNamed(parties);
            PartyEndpoint[] endpoints = [.. parties.Parties.Select(p => p.Party == party ? p with { PublicKey = publicKey } : p)];
            (parties with { Parties = endpoints }).Save(layout.PartiesFile);
        }

        if (File.Exists(layout.IdentityFile(party)))
        {
            File.Move(layout.IdentityFile(party), PreviousFile);
        }

        File.Move(NextFile, layout.IdentityFile(party));
        return publicKey;
    }

    // The one that an earlier run left, or a fresh one.
    private string Next(PartiesDescriptor parties)
    {
        if (!File.Exists(NextFile))
        {
            // Before anything is written: a machine that is not this party's must be left as it was.
            MustBeNamed(parties);
            DeploymentWriter.MakePrivate(layout.PartyDirectory(party));
            using PartyIdentity fresh = PartyIdentity.Generate(party, parties.Deployment);
            fresh.Save(NextFile);
            return Convert.ToBase64String(fresh.PublicKey);
        }

        using PartyIdentity left = PartyIdentity.Load(NextFile);
        return left.Party == party && left.Deployment == parties.Deployment
            ? Convert.ToBase64String(left.PublicKey)
            : throw new ConsoleException(
                $"{NextFile} is an identity of party {left.Party} of deployment {left.Deployment}, not of party {party} of this one. Move it away, then rotate again.");
    }

    private void MustBeNamed(PartiesDescriptor parties)
    {
        if (lost)
        {
            // Asked for where there is one to lose, it would be a mistake in the number or in the machine.
            if (File.Exists(layout.IdentityFile(party)))
            {
                throw new ConsoleException($"{layout.IdentityFile(party)} is there, so it is not lost: rotate without --lost, or move it away if it cannot be used.");
            }

            return;
        }

        if (!File.Exists(layout.IdentityFile(party)))
        {
            throw new ConsoleException(
                $"There is no identity at {layout.IdentityFile(party)}; rotate on the party's own machine. If the identity is lost, rotate with --lost.");
        }

        using PartyIdentity present = PartyIdentity.Load(layout.IdentityFile(party));
        if (present.Party != party || present.Deployment != parties.Deployment
            || Convert.ToBase64String(present.PublicKey) != parties[party].PublicKey)
        {
            throw new ConsoleException(
                $"{layout.IdentityFile(party)} is not the identity that {layout.PartiesFile} names for party {party}; one of the two is of another time. "
                + "Take the present parties.json from another party.");
        }
    }
}
