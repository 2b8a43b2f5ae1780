using Trident.Protocol.Sealing;
using Xunit;

namespace Trident.Protocol.Tests.Sealing;

public class HpkeTests
{
    [Fact]
    public void OwnCopyOfTheRfcVectors() => Check(HpkeVector.OfOurSuite(HpkeVector.OwnCopy()));

    [SharedKnownAnswersFact]
    public void SharedRfcVectors() => Check(HpkeVector.OfOurSuite(HpkeVector.Shared()!));

    [Fact]
    public void OpensOnlyWhatWasSealedInOrderForItsKeyAndInfo()
    {
        byte[] sk = Curve.NewPrivateKey();
        byte[] pk = Curve.PublicKeyOf(sk);
        using SenderContext sender = Hpke.SetupSender(pk, [1]);
        byte[] first = sender.Seal([7, 8], [9]);
        byte[] second = sender.Seal([5], [9]);
        using RecipientContext recipient = Hpke.SetupRecipient(sender.Enc, sk, [1]);
        Assert.Throws<SealingException>(() => recipient.Open(second, [9]));
        Assert.Throws<SealingException>(() => recipient.Open(first, [8]));
        Assert.Throws<SealingException>(() => recipient.Open(first.AsSpan(0, 15), [9]));
        Assert.Equal([7, 8], recipient.Open(first, [9]));
        Assert.Throws<SealingException>(() => recipient.Open(first, [9]));
        Assert.Equal([5], recipient.Open(second, [9]));

        using RecipientContext otherInfo = Hpke.SetupRecipient(sender.Enc, sk, [2]);
        Assert.Throws<SealingException>(() => otherInfo.Open(first, [9]));
        using RecipientContext otherKey = Hpke.SetupRecipient(sender.Enc, Curve.NewPrivateKey(), [1]);
        Assert.Throws<SealingException>(() => otherKey.Open(first, [9]));
    }

    [Fact]
    public void RefusesKeysOfLowOrderAndOfOtherSizes()
    {
        byte[] one = new byte[32];
        one[0] = 1;
        foreach (byte[] key in (byte[][])[new byte[32], one, new byte[31], new byte[33], []])
        {
            Assert.Throws<SealingException>(() => Hpke.SetupSender(key, []));
            Assert.Throws<SealingException>(() => Hpke.SetupRecipient(key, Curve.NewPrivateKey(), []));
        }
    }

    [Fact]
    public void ADisposedContextNeitherSealsNorExports()
    {
        SenderContext sender = Hpke.SetupSender(Curve.PublicKeyOf(Curve.NewPrivateKey()), []);
        sender.Dispose();
        Assert.Throws<ObjectDisposedException>(() => sender.Seal([1], []));
        Assert.Throws<ObjectDisposedException>(() => sender.Export([], 32));
    }

    private static void Check(HpkeVector[] vectors)
    {
        Assert.NotEmpty(vectors);
        foreach (HpkeVector v in vectors)
        {
            byte[] skR = Hex(v.SkRm), skE = Hex(v.SkEm), pkR = Hex(v.PkRm), enc = Hex(v.Enc), info = Hex(v.Info);
            Assert.Equal(skR, HpkeSchedule.DerivePrivateKey(Hex(v.IkmR)));
            Assert.Equal(skE, HpkeSchedule.DerivePrivateKey(Hex(v.IkmE)));
            Assert.Equal(pkR, Curve.PublicKeyOf(skR));
            byte[] shared = HpkeSchedule.SharedSecret(Curve.Agree(skE, pkR), enc, pkR);
            Assert.Equal(v.Shared_secret, Convert.ToHexStringLower(shared));
            (byte[] key, byte[] baseNonce, byte[] exporter) = HpkeSchedule.Keys(shared, info);
            Assert.Equal(v.Key, Convert.ToHexStringLower(key));
            Assert.Equal(v.Base_nonce, Convert.ToHexStringLower(baseNonce));
            Assert.Equal(v.Exporter_secret, Convert.ToHexStringLower(exporter));

            using SenderContext sender = Hpke.SetupSender(pkR, info, skE);
            using RecipientContext recipient = Hpke.SetupRecipient(enc, skR, info);
            Assert.Equal(enc, sender.Enc);
            Assert.NotEmpty(v.Encryptions);
            foreach (HpkeMessage m in v.Encryptions)
            {
                Assert.Equal(m.Ct, Convert.ToHexStringLower(sender.Seal(Hex(m.Pt), Hex(m.Aad))));
                Assert.Equal(Hex(m.Pt), recipient.Open(Hex(m.Ct), Hex(m.Aad)));
            }

            Assert.NotEmpty(v.Exports);
            foreach (HpkeExport e in v.Exports)
            {
                Assert.Equal(e.Exported_value, Convert.ToHexStringLower(sender.Export(Hex(e.Exporter_context), e.L)));
                Assert.Equal(e.Exported_value, Convert.ToHexStringLower(recipient.Export(Hex(e.Exporter_context), e.L)));
            }
        }
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);
}
