using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Trident.Console.Demo;

/// <summary>What the demo serves.</summary>
/// <param name="Path">The vector file.</param>
/// <param name="Description">One line that says what it is.</param>
/// <param name="Labels">A file that says what each vector shows; null where there is none.</param>
internal sealed record DemoVectors(string Path, string Description, string? Labels = null)
{
    private const string Package = "dataset-fashion-mnist";

    // 10,000 images answer within the demo's time; the training file has six times as many.
    private const string FileName = "t10k-images-idx3-ubyte";
    private static readonly string[] UsualPlaces =
        [$"/usr/share/datasets/fashion-mnist/{FileName}.gz", $"/usr/share/{Package}/{FileName}.gz"];

    private const int GeneratedRows = 10_000;
    private const int GeneratedDimension = 128;
    private const int GeneratedSeed = 20_260_101;

    /// <summary>The images of the Debian package, when it is installed.</summary>
    public static DemoVectors? Find()
    {
        string? path = Images(UsualPlaces) ?? Images(ListedByDpkg());
        if (path is null)
        {
            return null;
        }

        string labels = path.Replace("images-idx3", "labels-idx1", StringComparison.Ordinal);
        return new DemoVectors(path, $"vectors: 10,000 images of 28 × 28 from the Debian package {Package}", File.Exists(labels) ? labels : null);
    }

    /// <summary>Writes generated vectors into <paramref name="directory"/>; the same ones every time.</summary>
    public static DemoVectors Generate(string directory)
    {
        string path = System.IO.Path.Combine(directory, "generated.fvecs");
        Random random = new(GeneratedSeed);
        float[] vector = new float[GeneratedDimension];
        using (BinaryWriter writer = new(File.Create(path)))
        {
            for (int row = 0; row < GeneratedRows; row++)
            {
                foreach (ref float value in vector.AsSpan())
                {
                    value = (float)((random.NextDouble() - 0.5) * 2);
                }

                writer.Write(GeneratedDimension);
                writer.Write(MemoryMarshal.AsBytes(vector.AsSpan()));
            }
        }

        return new DemoVectors(path, $"vectors: 10,000 generated ones of 128 floats (the Debian package {Package} is not used here)");
    }

    private static string? Images(string[] paths) =>
        paths.FirstOrDefault(p => System.IO.Path.GetFileName(p) is FileName or FileName + ".gz" && File.Exists(p));

    private static string[] ListedByDpkg()
    {
        try
        {
            using Process? dpkg = Process.Start(new ProcessStartInfo("dpkg", ["-L", Package])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            if (dpkg is null)
            {
                return [];
            }

            dpkg.ErrorDataReceived += (_, _) => { };
            dpkg.BeginErrorReadLine();
            string listed = dpkg.StandardOutput.ReadToEnd();
            dpkg.WaitForExit();
            return listed.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Win32Exception)
        {
            // Not a Debian system.
            return [];
        }
    }
}
