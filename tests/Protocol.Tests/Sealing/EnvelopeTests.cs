using CsCheck;
using Trident.Protocol.Sealing;
using Xunit;

namespace Trident.Protocol.Tests.Sealing;

public class EnvelopeTests
{
    private static readonly Guid Deployment = new("11111111-2222-3333-4444-555555555555");

    // Worked out with another implementation of X25519, HKDF and AES-GCM.
    private const string GoldenRequest = """
        5714769d116bf76436ae74bc793d2c30ad1903c59ac5273805c7e2698b410c36   enc
        0000000000000000                                                   counter
        53864b04edadf0c4965ce61e0e                                         ciphertext of "row 7, please"
        3f0208dac5a06d40ef97a61303a5ae76                                   tag
        """;

    private const string GoldenAnswer = """
        404142434445464748494a4b4c4d4e4f   salt
        ee01cf2682e0650d                   ciphertext of the words 1, 2
        f21a0b4262c74c70f5278b190f275cec   tag
        """;

    [Fact]
    public void GoldenRequestAndAnswerBothWays()
    {
        byte[] skR = Count(1, 32), skE = Count(101, 32), salt = Count(0x40, 16), answer = [1, 0, 0, 0, 2, 0, 0, 0];
        using PartyIdentity identity = new(2, Deployment, skR);
        using PartySeal party = new(identity);
        using ClientSeal client = new(2, Hpke.SetupSender(identity.PublicKey, RequestKeys.Info(2, Deployment), skE));

        SealedRequest request = client.Seal("row 7, please"u8, "aad"u8);
        Assert.Equal(AnnotatedHex.Parse(GoldenRequest), request.Bytes);
        Assert.Equal(0UL, request.Counter);
        Assert.Equal("row 7, please"u8, party.OpenRequest(AnnotatedHex.Parse(GoldenRequest), "aad"u8, out AnswerSealer sealer));
        Assert.Equal(AnnotatedHex.Parse(GoldenAnswer), sealer.Seal(answer, "aad"u8, salt));
        Assert.Equal(answer, client.OpenAnswer(0, AnnotatedHex.Parse(GoldenAnswer), "aad"u8));
    }

    [Fact]
    public void AnyRequestAndAnswerComeThroughAndNoChangedBitDoes()
    {
        using PartyIdentity identity = PartyIdentity.Generate(1, Deployment);
        using PartySeal party = new(identity);
        using ClientSeal client = new(1, identity.PublicKey, Deployment);
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Byte.Array[0, 40], Gen.Int[0, 1 << 20]).Sample(
            (plaintext, aad, where) =>
            {
                SealedRequest request = client.Seal(plaintext, aad);
                byte[] broken = Flip(request.Bytes, where);
                Assert.Throws<SealingException>(() => party.OpenRequest(broken, aad, out _));
                Assert.Throws<SealingException>(() => party.OpenRequest(request.Bytes, [.. aad, 0], out _));
                Assert.Equal(plaintext, party.OpenRequest(request.Bytes, aad, out AnswerSealer sealer));
                byte[] answer = sealer.Seal(plaintext, aad);
                Assert.Throws<SealingException>(() => client.OpenAnswer(request.Counter, Flip(answer, where), aad));
                Assert.Throws<SealingException>(() => client.OpenAnswer(request.Counter + 1, answer, aad));
                Assert.Throws<SealingException>(() => client.OpenAnswer(request.Counter, answer, [.. aad, 0]));
                Assert.Equal(plaintext, client.OpenAnswer(request.Counter, answer, aad));
            },
            iter: 100);

        // Any bit, the top one of enc too: the curve ignores it, but the key schedule does not.
        static byte[] Flip(byte[] bytes, int where)
        {
            byte[] copy = [.. bytes];
            copy[where % copy.Length] ^= (byte)(1 << (where % 8));
            return copy;
        }
    }

    [Fact]
    public void OnlyTheNamedPartyOfTheDeploymentOpens()
    {
        byte[] key = Count(1, 32);
        using PartyIdentity one = new(1, Deployment, [.. key]);
        using PartyIdentity two = new(2, Deployment, [.. key]);
        using PartyIdentity elsewhere = new(1, Guid.NewGuid(), [.. key]);
        using PartyIdentity otherKey = PartyIdentity.Generate(1, Deployment);
        using ClientSeal client = new(1, one.PublicKey, Deployment);
        byte[] request = client.Seal([1], []).Bytes;
        foreach (PartyIdentity wrong in (PartyIdentity[])[two, elsewhere, otherKey])
        {
            using PartySeal seal = new(wrong);
            SealingException e = Assert.Throws<SealingException>(() => seal.OpenRequest(request, [], out _));
            Assert.Contains($"party {wrong.Party}", e.Message, StringComparison.Ordinal);
            Assert.Equal(0, seal.Held);
        }

        using PartySeal right = new(one);
        Assert.Equal([1], right.OpenRequest(request, [], out _));
    }

    [Fact]
    public void ARestartedPartyOpensOldClientsAndSealsUnderAFreshKey()
    {
        using PartyIdentity identity = PartyIdentity.Generate(3, Deployment);
        using ClientSeal client = new(3, identity.PublicKey, Deployment);
        SealedRequest request = client.Seal([1, 2], []);
        byte[] first, second;
        using (PartySeal before = new(identity))
        {
            before.OpenRequest(request.Bytes, [], out AnswerSealer sealer);
            first = sealer.Seal(new byte[64], []);
        }

        using PartySeal after = new(identity);
        after.OpenRequest(request.Bytes, [], out AnswerSealer again);
        second = again.Seal(new byte[64], []);

        // Under one key and nonce two equal answers would be equal, and two different ones would give each other away.
        Assert.False(first.AsSpan(16, 64).SequenceEqual(second.AsSpan(16, 64)));
        Assert.Equal(new byte[64], client.OpenAnswer(request.Counter, first, []));
        Assert.Equal(new byte[64], client.OpenAnswer(request.Counter, second, []));
    }

    [Fact]
    public void ARequestHasOneAnswer()
    {
        using PartyIdentity identity = PartyIdentity.Generate(1, Deployment);
        using PartySeal party = new(identity);
        using ClientSeal client = new(1, identity.PublicKey, Deployment);
        party.OpenRequest(client.Seal([1], []).Bytes, [], out AnswerSealer sealer);
        sealer.Seal([1], []);
        Assert.Throws<InvalidOperationException>(() => sealer.Seal([2], []));
    }

    [Fact]
    public void ShortBytesAreRefused()
    {
        using PartyIdentity identity = PartyIdentity.Generate(1, Deployment);
        using PartySeal party = new(identity);
        using ClientSeal client = new(1, identity.PublicKey, Deployment);
        byte[] request = client.Seal([], []).Bytes;
        for (int length = 0; length < request.Length; length++)
        {
            Assert.Throws<SealingException>(() => party.OpenRequest(request.AsSpan(0, length), [], out _));
        }

        Assert.Empty(party.OpenRequest(request, [], out AnswerSealer sealer));
        byte[] answer = sealer.Seal([], []);
        Assert.Throws<SealingException>(() => client.OpenAnswer(0, answer.AsSpan(0, answer.Length - 1), []));
        Assert.Throws<SealingException>(() => party.OpenRequest(new byte[200], [], out _));
    }

    [Fact]
    public void TheCacheIsBoundedAndForgottenClientsStillOpen()
    {
        using PartyIdentity identity = PartyIdentity.Generate(1, Deployment);
        using PartySeal party = new(identity);
        using ClientSeal first = new(1, identity.PublicKey, Deployment);
        party.OpenRequest(first.Seal([1], []).Bytes, [], out AnswerSealer pending);
        for (int i = 0; i < PartySeal.CacheSize + 5; i++)
        {
            using ClientSeal client = new(1, identity.PublicKey, Deployment);
            party.OpenRequest(client.Seal([1], []).Bytes, [], out _);
        }

        Assert.Equal(PartySeal.CacheSize, party.Held);
        Assert.Equal([9], first.OpenAnswer(0, pending.Seal([9], []), []));
        Assert.Equal([2], party.OpenRequest(first.Seal([2], []).Bytes, [], out _));
        Assert.Equal(PartySeal.CacheSize, party.Held);
    }

    [Fact]
    public void ManyThreadsSealAndOpen()
    {
        using PartyIdentity identity = PartyIdentity.Generate(1, Deployment);
        using PartySeal party = new(identity);
        using ClientSeal client = new(1, identity.PublicKey, Deployment);
        SealedRequest[] requests = new SealedRequest[400];
        Parallel.For(0, requests.Length, i =>
        {
            byte[] body = new byte[1000];
            body.AsSpan().Fill((byte)i);
            requests[i] = client.Seal(body, []);
            byte[] opened = party.OpenRequest(requests[i].Bytes, [], out AnswerSealer sealer);
            Assert.Equal(body, client.OpenAnswer(requests[i].Counter, sealer.Seal(opened, []), []));
        });
        Assert.Equal(requests.Length, requests.Select(r => r.Counter).Distinct().Count());
        Assert.Equal(1, party.Held);
    }

    [Fact]
    public void NothingIsSealedUnderZeroedKeys()
    {
        using PartyIdentity identity = PartyIdentity.Generate(1, Deployment);
        ClientSeal client = new(1, identity.PublicKey, Deployment);
        byte[] request = client.Seal([1], []).Bytes;
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Seal([1], []));
        PartySeal party = new(identity);
        party.Dispose();
        Assert.Throws<ObjectDisposedException>(() => party.OpenRequest(request, [], out _));
    }

    private static byte[] Count(int from, int length) => [.. Enumerable.Range(from, length).Select(i => (byte)i)];
}
