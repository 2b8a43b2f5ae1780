using System.Security.Cryptography;
using CsCheck;
using Trident.Protocol.Sharing;
using Xunit;

namespace Trident.Protocol.Tests.Sharing;

public class Aes128Tests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_standard_s_example(bool useLibrary)
    {
        // FIPS 197, appendix C.1.
        if (!useLibrary && !System.Runtime.Intrinsics.X86.Aes.IsSupported)
        {
            return;
        }

        using Aes128 cipher = new(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"), useLibrary);
        byte[] block = Convert.FromHexString("00112233445566778899aabbccddeeff");
        cipher.Encrypt(block);
        Assert.Equal("69C4E0D86A7B0430D8CDB78070B4C55A", Convert.ToHexString(block));
    }

    [Fact]
    public void Any_number_of_blocks_agrees_with_the_platform() =>
        Gen.Select(Gen.Byte.Array[16], Gen.Int[0, 40].SelectMany(n => Gen.Byte.Array[16 * n])).Sample((key, blocks) =>
        {
            using Aes aes = Aes.Create();
            aes.Key = key;
            byte[] expected = aes.EncryptEcb(blocks, PaddingMode.None);
            byte[] direct = [.. blocks], library = [.. blocks];
            using Aes128 cipher = new(key), slow = new(key, useLibrary: true);
            cipher.Encrypt(direct);
            slow.Encrypt(library);
            Assert.Equal(expected, direct);
            Assert.Equal(expected, library);
        });

    [Fact]
    public void Bad_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Aes128(new byte[24]));
        using Aes128 cipher = new(new byte[16]);
        Assert.Throws<ArgumentException>(() => cipher.Encrypt(new byte[17]));
    }
}
