namespace Trident.Protocol.Tests.Sealing;

/// <summary>Golden bytes with a note on every field: on each line hexadecimal digits up to the first space, then the note.</summary>
internal static class AnnotatedHex
{
    public static byte[] Parse(string text) =>
        Convert.FromHexString(string.Concat(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim().Split(' ')[0])));
}
