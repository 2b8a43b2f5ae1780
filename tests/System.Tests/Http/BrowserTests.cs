using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;
using Trident.Client;
using Xunit;
using Xunit.Abstractions;

namespace Trident.System.Tests.Http;

/// <summary>
/// Page and dashboard as an operator sees them, in a headless Chromium. With TRIDENT_SCREENSHOTS set to a directory, what it showed is
/// kept there.
/// </summary>
[Collection(ObservedTests.Name)]
public sealed class BrowserTests(ObservedDeployment observed, ITestOutputHelper output)
{
    [BrowserFact]
    public async Task An_operator_signs_in_and_sees_three_parties_and_their_queries()
    {
        HttpDeployment deployment = observed.Http;
        output.WriteLine($"seed {deployment.Silos.Seed}");
        await using TridentClient client = await deployment.Silos.ConnectAsync();
        string profile = Directory.CreateTempSubdirectory("trident-browser-").FullName;
        using CancellationTokenSource done = new();
        Task load = Task.Run(async () =>
        {
            for (int i = 0; !done.IsCancellationRequested; i++)
            {
                int row = i * 31 % deployment.Silos.Plain.Length;
                Assert.Equal(deployment.Silos.Plain[row], (await client.FetchAsync("vectors", row)).Records[0]);
            }
        });
        try
        {
            using ChromeDriver browser = Start(profile);
            await PageAsync(browser, deployment);
            await DashboardAsync(browser, deployment);
        }
        finally
        {
            await done.CancelAsync();
            await load;
            Directory.Delete(profile, recursive: true);
        }
    }

    private static async Task PageAsync(ChromeDriver browser, HttpDeployment deployment)
    {
        await browser.Navigate().GoToUrlAsync(deployment.Address(1));
        Assert.EndsWith("/login", browser.Url, StringComparison.Ordinal);
        SignIn(browser, "surely not the operator's token");
        Assert.Equal("This is not the token.", await Text(browser, ".message", t => t.Length > 0));
        await browser.Navigate().GoToUrlAsync(deployment.Address(1));
        Assert.EndsWith("/login", browser.Url, StringComparison.Ordinal);

        SignIn(browser, HttpDeployment.Token);
        for (int party = 1; party <= 3; party++)
        {
            string card = await Text(browser, $"#party-{party}.up", t => t.Contains("queries a second", StringComparison.Ordinal));
            Assert.Contains($"Party {party}", card, StringComparison.Ordinal);
            Assert.Contains("stock of vectors", card, StringComparison.Ordinal);
            await Text(browser, $"#party-{party} .rate", t => double.TryParse(t, out double rate) && rate > 0);
        }

        // It is live: more queries were answered a while later, with nobody reloading it.
        long before = long.Parse(await Text(browser, "#party-1 .answered", t => long.TryParse(t, out _)));
        await Text(browser, "#party-1 .answered", t => long.TryParse(t, out long now) && now > before);
        Assert.Contains("not known here", await Text(browser, "#seen tbody tr", t => t.Contains("vectors", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain(HttpDeployment.Token, browser.Url + browser.PageSource, StringComparison.Ordinal);
        Keep(browser, "page");
    }

    private static async Task DashboardAsync(ChromeDriver browser, HttpDeployment deployment)
    {
        // The profiler of the dashboard begins to count when somebody looks.
        browser.FindElement(By.Id("dashboard")).Click();
        await Text(browser, "body", t => t.Contains("Silo", StringComparison.OrdinalIgnoreCase));
        await browser.Navigate().GoToUrlAsync(deployment.Address(1, "/dashboard/#/silos"));
        await Text(browser, "body", t => Enumerable.Range(1, 3).All(p => t.Contains($"party-{p}", StringComparison.Ordinal)));
        Keep(browser, "dashboard-silos");
        await browser.Navigate().GoToUrlAsync(deployment.Address(1, "/dashboard/#/grains"));
        await Text(browser, "body", t => t.Contains("QueryGrain", StringComparison.Ordinal));
        Keep(browser, "dashboard-grains");
    }

    private static void SignIn(ChromeDriver browser, string token)
    {
        browser.FindElement(By.Name("token")).SendKeys(token);
        browser.FindElement(By.CssSelector("button")).Click();
    }

    /// <summary>The text of an element, once it is there and as expected. The page replaces its elements while it is looked at.</summary>
    private static Task<string> Text(ChromeDriver browser, string selector, Func<string, bool> isSo) => Until.SoAsync(() =>
    {
        object? text = browser.ExecuteScript("return document.querySelector(arguments[0])?.innerText ?? ''", selector);
        return Task.FromResult((string?)text ?? "");
    }, isSo);

    private static void Keep(ChromeDriver browser, string name)
    {
        if (Environment.GetEnvironmentVariable("TRIDENT_SCREENSHOTS") is { Length: > 0 } directory)
        {
            browser.GetScreenshot().SaveAsFile(Path.Combine(directory, name + ".png"));
        }
    }

    private static ChromeDriver Start(string profile)
    {
        ChromeOptions options = new() { BinaryLocation = BrowserFactAttribute.Browser };
        options.AddArguments("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1400,1100", $"--user-data-dir={profile}");
        ChromeDriverService service = ChromeDriverService.CreateDefaultService(BrowserFactAttribute.Driver);
        service.SuppressInitialDiagnosticInformation = true;
        return new ChromeDriver(service, options, TimeSpan.FromSeconds(60));
    }
}
