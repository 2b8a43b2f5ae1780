using Xunit;

namespace Trident.System.Tests.Http;

/// <summary>A test that needs Debian's chromium and chromium-driver; left out where they are not installed.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public const string Browser = "/usr/bin/chromium";
    public const string Driver = "/usr/bin/chromedriver";

    public BrowserFactAttribute()
    {
        if (!File.Exists(Browser) || !File.Exists(Driver))
        {
            Skip = "Debian's chromium and chromium-driver are not installed.";
        }
    }
}
