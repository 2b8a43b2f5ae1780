namespace Trident.Protocol.Sealing;

/// <summary>
/// Opens a party's answer part by part, in any order. Each part opens only as the part that it is, of an answer of as many parts, and
/// once; all have one salt, so that parts of two answers to one request do not mix. Thread-safe.
/// </summary>
public sealed class AnswerParts
{
    /// <summary>Bytes that a sealed part has beyond what is sealed.</summary>
    public const int Overhead = RequestKeys.AnswerOverhead;

    private readonly ClientSeal _seal;
    private readonly ulong _counter;
    private readonly byte[] _aad;
    private readonly bool[] _opened;
    private readonly Lock _gate = new();
    private byte[]? _salt;
    private int _left;

    internal AnswerParts(ClientSeal seal, ulong counter, int parts, byte[] aad)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        (_seal, _counter, _aad, _opened, _left) = (seal, counter, aad, new bool[parts], parts);
    }

    /// <summary>Whether every part was opened.</summary>
    public bool IsComplete => Volatile.Read(ref _left) == 0;

    /// <summary>Opens a part.</summary>
    /// <param name="part">Which part it is to be, from 0.</param>
    /// <param name="sealedPart">salt (16) | ciphertext | tag (16).</param>
    /// <param name="plaintext">Exactly as many bytes as the part has.</param>
    /// <exception cref="SealingException">It is another part, was opened before, has another length, or was altered.</exception>
    public void Open(int part, ReadOnlySpan<byte> sealedPart, Span<byte> plaintext)
    {
        if ((uint)part >= (uint)_opened.Length)
        {
            throw new SealingException($"Party {_seal.Party}'s answer has {_opened.Length} parts; there is no part {part}.");
        }

        _seal.OpenPart(_counter, part, _opened.Length, sealedPart, _aad, plaintext);
        lock (_gate)
        {
            _salt ??= sealedPart[..RequestKeys.SaltBytes].ToArray();
            if (!sealedPart[.._salt.Length].SequenceEqual(_salt))
            {
                throw new SealingException($"Part {part} of party {_seal.Party}'s answer is of another answer than the parts before it; ask again.");
            }

            if (_opened[part])
            {
                throw new SealingException($"Part {part} of party {_seal.Party}'s answer came twice.");
            }

            _opened[part] = true;
            Volatile.Write(ref _left, _left - 1);
        }
    }
}
