using System.Security.Cryptography;
using Trident.Protocol.Sealing;
using Xunit;

namespace Trident.Protocol.Tests.Sealing;

/// <summary>Answers in parts: each opens as the part that it is, and as nothing else.</summary>
public sealed class AnswerPartsTests : IDisposable
{
    private static readonly byte[] Aad = "what both know"u8.ToArray();
    private readonly PartyIdentity _identity = PartyIdentity.Generate(2, Guid.NewGuid());
    private readonly PartySeal _party;
    private readonly ClientSeal _client;

    public AnswerPartsTests()
    {
        _party = new PartySeal(_identity);
        _client = new ClientSeal(2, _identity.PublicKey, _identity.Deployment);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(300)]
    public void Parts_open_in_any_order(int parts)
    {
        (AnswerSealer sealer, ulong counter) = Ask();
        byte[][] plain = [.. Enumerable.Range(0, parts).Select(i => RandomNumberGenerator.GetBytes(i % 7 * 5))];
        int[] order = [.. Enumerable.Range(0, parts).OrderBy(i => i * 7919 % 301)];
        byte[][] bytes = new byte[parts][];
        foreach (int part in order)
        {
            bytes[part] = sealer.Seal(part, parts, plain[part], Aad);
        }

        Assert.Equal(parts, bytes.Select(b => Convert.ToHexString(b)).Distinct().Count());
        AnswerParts opening = _client.OpenParts(counter, parts, Aad);
        foreach (int part in order.Reverse())
        {
            Assert.False(opening.IsComplete);
            byte[] opened = new byte[plain[part].Length];
            opening.Open(part, bytes[part], opened);
            Assert.Equal(plain[part], opened);
        }

        Assert.True(opening.IsComplete);
    }

    [Fact]
    public void An_answer_of_one_part_is_a_whole_answer()
    {
        (AnswerSealer sealer, ulong counter) = Ask();
        Assert.Equal(new byte[] { 1, 2, 3 }, _client.OpenAnswer(counter, sealer.Seal(0, 1, [1, 2, 3], Aad), Aad));
    }

    [Fact]
    public void Nothing_is_sealed_twice_and_the_number_of_parts_is_fixed()
    {
        (AnswerSealer sealer, _) = Ask();
        sealer.Seal(1, 3, [1], Aad);
        Assert.Contains("sealed once", Assert.Throws<InvalidOperationException>(() => sealer.Seal(1, 3, [1], Aad)).Message, StringComparison.Ordinal);
        Assert.Contains("3 parts", Assert.Throws<InvalidOperationException>(() => sealer.Seal(0, 2, [1], Aad)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => sealer.Seal([1], Aad));
        Assert.Throws<ArgumentOutOfRangeException>(() => sealer.Seal(3, 3, [1], Aad));
        sealer.Seal(0, 3, [1], Aad);
        sealer.Seal(2, 3, [1], Aad);
        Assert.Throws<InvalidOperationException>(() => sealer.Seal(2, 3, [1], Aad));
        (AnswerSealer gone, _) = Ask();
        gone.Seal(0, 2, [1], Aad);
        gone.Dispose();
        Assert.Throws<InvalidOperationException>(() => gone.Seal(1, 2, [1], Aad));
    }

    [Fact]
    public void Parts_exchanged_repeated_missing_altered_or_of_another_number_are_refused()
    {
        (AnswerSealer sealer, ulong counter) = Ask();
        byte[] zero = sealer.Seal(0, 3, [1, 2], Aad), one = sealer.Seal(1, 3, [3, 4], Aad);
        byte[] into = new byte[2];
        AnswerParts opening = _client.OpenParts(counter, 3, Aad);
        Assert.Throws<SealingException>(() => opening.Open(0, one, into));
        Assert.Throws<SealingException>(() => opening.Open(1, zero, into));
        Assert.Throws<SealingException>(() => opening.Open(3, zero, into));
        Assert.Throws<SealingException>(() => opening.Open(0, zero, new byte[3]));
        Assert.Throws<SealingException>(() => opening.Open(0, [.. zero[..^1], (byte)(zero[^1] ^ 1)], into));
        opening.Open(0, zero, into);
        Assert.Contains("twice", Assert.Throws<SealingException>(() => opening.Open(0, zero, into)).Message, StringComparison.Ordinal);
        opening.Open(1, one, into);
        Assert.False(opening.IsComplete);
        Assert.Throws<SealingException>(() => _client.OpenParts(counter, 2, Aad).Open(0, zero, into));
        Assert.Throws<SealingException>(() => _client.OpenParts(counter, 1, Aad).Open(0, zero, into));
        Assert.Throws<SealingException>(() => _client.OpenAnswer(counter, zero, Aad));
    }

    [Fact]
    public void Parts_of_two_answers_to_one_request_do_not_mix()
    {
        SealedRequest request = _client.Seal([7], Aad);
        _party.OpenRequest(request.Bytes, Aad, out AnswerSealer first);
        _party.OpenRequest(request.Bytes, Aad, out AnswerSealer again); // a replay to a restarted party
        AnswerParts opening = _client.OpenParts(request.Counter, 2, Aad);
        byte[] into = new byte[1];
        opening.Open(0, first.Seal(0, 2, [1], Aad), into);
        Assert.Contains("another answer", Assert.Throws<SealingException>(() => opening.Open(1, again.Seal(1, 2, [2], Aad), into)).Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _party.Dispose();
        _client.Dispose();
        _identity.Dispose();
    }

    private (AnswerSealer Sealer, ulong Counter) Ask()
    {
        SealedRequest request = _client.Seal([7], Aad);
        _party.OpenRequest(request.Bytes, Aad, out AnswerSealer sealer);
        return (sealer, request.Counter);
    }
}
