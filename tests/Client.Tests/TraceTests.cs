using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Orleans;
using Orleans.Runtime;
using Trident.Abstractions;
using Xunit;

namespace Trident.Client.Tests;

/// <summary>What the parties are told of a trace: an id of this fetch's own, and nothing of the application.</summary>
[Collection(nameof(TraceTests))]
[CollectionDefinition(nameof(TraceTests), DisableParallelization = true)]
public sealed class TraceTests
{
    [Fact]
    public async Task Parties_get_a_fresh_trace_and_nothing_of_the_applications()
    {
        using Spans spans = new(ActivitySamplingResult.AllDataAndRecorded);
        await using TestWorld world = await TestWorld.StartAsync();
        using ActivitySource applications = new("application");
        using ActivityListener listener = Spans.Listen("application", ActivitySamplingResult.AllDataAndRecorded, _ => { });
        using Activity user = applications.StartActivity("a user's request")!;
        user.AddBaggage("user", "alice");
        user.TraceStateString = "vendor=alice";
        await world.Client.FetchAsync("vectors", 1);
        await world.Client.FetchAsync("vectors", 2);
        Assert.Same(user, Activity.Current);

        Activity[] fetches = spans.Named("trident.fetch");
        Assert.Equal(2, fetches.Select(f => f.TraceId).Distinct().Count());
        Assert.All(fetches, f =>
        {
            Assert.NotEqual(user.TraceId, f.TraceId);
            Assert.Null(f.ParentId);
            Assert.Empty(f.Baggage);
            Assert.Null(f.TraceStateString);
            Assert.Equal(user.SpanId, Assert.Single(f.Links).Context.SpanId);
        });
        Assert.All(spans.Named("trident.attempt"), a => Assert.Empty(a.Baggage));
        string[] expected = [.. spans.Named("trident.attempt").Select(a => $"00-{a.TraceId}-{a.SpanId}-01").Order()];
        Assert.All(world.Parties, p => Assert.Equal(expected, p.Requests.Select(r => r.TraceParent).Order()));
        Assert.Equal(fetches.Select(f => f.TraceId.ToString()).Order(), expected.Select(e => e[3..35]).Order());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(ActivitySamplingResult.None)]
    [InlineData(ActivitySamplingResult.PropagationData)]
    public async Task Nothing_is_sent_where_nothing_is_recorded(ActivitySamplingResult? sampling)
    {
        using Spans? spans = sampling is { } result ? new Spans(result) : null;
        await using TestWorld world = await TestWorld.StartAsync();
        using Activity user = new Activity("a user's request").Start();
        await world.Client.FetchAsync("vectors", 1);
        Assert.All(world.Parties, p => Assert.Null(Assert.Single(p.Requests).TraceParent));
        Assert.Null(Assert.Single(world.Parties.SelectMany(p => p.LeaseParents)));
        Assert.Same(user, Activity.Current);
    }

    [Fact]
    public async Task Attempts_of_one_fetch_are_spans_of_one_trace()
    {
        using Spans spans = new(ActivitySamplingResult.AllDataAndRecorded);
        await using TestWorld world = await TestWorld.StartAsync();
        int asked = 0;
        Array.ForEach(world.Parties, p => p.Refuse = _ => Interlocked.Increment(ref asked) <= 3 ? new QueryFailure(QueryFailureKind.UsedTicket, "used") : null);
        FetchResult result = await world.Client.FetchAsync("vectors", 1);
        Activity[] attempts = spans.Named("trident.attempt");
        Assert.Equal(result.Attempts, attempts.Length);
        Assert.Equal(ActivityStatusCode.Error, attempts[0].Status);
        Assert.Equal(ActivityStatusCode.Ok, attempts[^1].Status);
        Assert.Single(attempts.Select(a => a.TraceId).Distinct());
        Assert.Equal(attempts.Length, world.Parties[0].Requests.Select(r => r.TraceParent).Distinct().Count());
    }

    [Fact]
    public async Task A_lease_that_a_query_waits_for_is_in_its_trace()
    {
        using Spans spans = new(ActivitySamplingResult.AllDataAndRecorded);
        await using TestWorld world = await TestWorld.StartAsync();
        await world.Client.FetchAsync("vectors", 1);
        Activity fetch = Assert.Single(spans.Named("trident.fetch")), waiting = Assert.Single(spans.Named("trident.tickets")), lease = Assert.Single(spans.Named("trident.lease"));
        Assert.Equal((fetch.TraceId, fetch.SpanId), (waiting.TraceId, waiting.ParentSpanId));
        Assert.Equal((fetch.TraceId, waiting.SpanId), (lease.TraceId, lease.ParentSpanId));
        Assert.Equal((ActivityKind.Client, ActivityStatusCode.Ok), (lease.Kind, lease.Status));
        MemoryParty asked = Assert.Single(world.Parties, p => p.Leases > 0);
        Assert.Equal($"00-{fetch.TraceId}-{lease.SpanId}-01", Assert.Single(asked.LeaseParents));
        Assert.Equal(asked.Number, lease.GetTagItem("trident.party"));
    }

    [Fact]
    public async Task Refused_leases_of_a_query_that_waits_are_in_its_trace_and_one_that_comes_later_has_them_not()
    {
        using Spans spans = new(ActivitySamplingResult.AllDataAndRecorded);
        await using TestWorld world = await TestWorld.StartAsync();
        int asked = 0;
        Array.ForEach(world.Parties, p => p.RefuseLease = () => Interlocked.Increment(ref asked) <= 2 ? new QueryFailure(QueryFailureKind.NoStock, "none") : null);
        await world.Client.FetchAsync("vectors", 1);
        await world.Client.FetchAsync("vectors", 2);
        ActivitySpanId waiting = Assert.Single(spans.Named("trident.tickets")).SpanId;
        ILookup<bool, Activity> leases = spans.Named("trident.lease").ToLookup(l => l.ParentSpanId == waiting);
        Assert.Equal([ActivityStatusCode.Error, ActivityStatusCode.Error, ActivityStatusCode.Ok], leases[true].Select(l => l.Status));
        Assert.All(leases[false], l => Assert.Null(l.ParentId)); // ahead of need
    }

    [Fact]
    public async Task A_lease_ahead_of_need_is_a_trace_of_its_own_and_has_nothing_of_the_applications()
    {
        using Spans spans = new(ActivitySamplingResult.AllDataAndRecorded);
        await using TestWorld world = await TestWorld.StartAsync(options: TestWorld.Options(ahead: 16));
        using ActivitySource applications = new("application");
        using ActivityListener listener = Spans.Listen("application", ActivitySamplingResult.AllDataAndRecorded, _ => { });
        AsyncLocal<string> ambient = new() { Value = "alice" };
        string? seen = "nothing";
        using (Activity user = applications.StartActivity("a user's request")!)
        {
            user.AddBaggage("user", "alice");
            user.TraceStateString = "vendor=alice";
            int[] rows = [.. Enumerable.Range(2, 8)];
            await world.Client.FetchAsync("vectors", [.. rows, .. rows]);
            Array.ForEach(world.Parties, p => p.RefuseLease = () =>
            {
                seen = ambient.Value;
                return null;
            });
            await world.Client.FetchAsync("vectors", rows);
            await world.Client.FetchAsync("vectors", rows);
            Activity ahead = (await spans.NamedAsync("trident.lease", 2))[1];
            Assert.Null(ahead.ParentId);
            Assert.Null(ahead.TraceStateString);
            Assert.Empty(ahead.Baggage);
            Assert.Empty(ahead.Links);
            Assert.DoesNotContain(ahead.TraceId, spans.Named("trident.fetch").Append(user).Select(a => a.TraceId));
            Assert.Contains($"00-{ahead.TraceId}-{ahead.SpanId}-01", world.Parties.SelectMany(p => p.LeaseParents));
            Assert.Single(spans.Named("trident.tickets"));
            Assert.Null(seen);
        }
    }

    /// <summary>Two fetches that differ in what is secret: which rows, and so what is found in them.</summary>
    [Fact]
    public async Task Spans_do_not_depend_on_the_rows()
    {
        Assert.Equal(await ShapeAsync([3, 3, 7]), await ShapeAsync([0, 49, 20]));

        static async Task<string[]> ShapeAsync(int[] rows)
        {
            using Spans spans = new(ActivitySamplingResult.AllDataAndRecorded);
            await using TestWorld world = await TestWorld.StartAsync();
            await world.Client.FetchAsync("vectors", rows);
            Activity[] all = [.. ((string[])["trident.fetch", "trident.tickets", "trident.lease", "trident.attempt"]).SelectMany(spans.Named)];

            // The first party to be asked for tickets is drawn at random, whatever the rows.
            return [.. all.Select(a => string.Join(" ", [a.OperationName, a.Kind, a.Status, a.StatusDescription, all.SingleOrDefault(p => p.SpanId == a.ParentSpanId)?.OperationName,
                .. a.TagObjects.Where(t => t.Key != "trident.party").Select(t => (object)$"{t.Key}={t.Value}"), .. a.Events.Select(e => (object)e.Name)]))];
        }
    }

    [Fact]
    public async Task No_request_context_goes_with_a_call()
    {
        RequestContext.Set("user", "alice");
        IOutgoingGrainCallContext call = DispatchProxy.Create<IOutgoingGrainCallContext, Call>();
        await new NothingOfTheCaller().Invoke(call);
        Assert.True(((Call)call).Invoked);
        Assert.Empty(((Call)call).Keys);
        Assert.Equal("alice", RequestContext.Get("user"));
        RequestContext.Clear();
    }

    /// <summary>A call that notes what Orleans would send along.</summary>
    public class Call : DispatchProxy
    {
        public bool Invoked { get; private set; }

        public string[] Keys { get; private set; } = [];

        protected override object? Invoke(MethodInfo? method, object?[]? args)
        {
            Assert.Equal(nameof(IOutgoingGrainCallContext.Invoke), method!.Name);
            Invoked = true;
            Keys = [.. RequestContext.Keys];
            return Task.CompletedTask;
        }
    }

    /// <summary>Collects the spans of source Trident.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _stopped = new();
        private readonly SemaphoreSlim _more = new(0);
        private readonly ActivityListener _listener;

        public Spans(ActivitySamplingResult sampling) => _listener = Listen(TridentTelemetry.Name, sampling, a =>
        {
            _stopped.Enqueue(a);
            _more.Release();
        });

        public Activity[] Named(string name) => [.. _stopped.Where(a => a.OperationName == name)];

        /// <summary>Waits until so many have stopped.</summary>
        public async Task<Activity[]> NamedAsync(string name, int count)
        {
            while (Named(name).Length < count)
            {
                Assert.True(await _more.WaitAsync(TimeSpan.FromMinutes(1)), $"no more spans came; {Named(name).Length} of {name} did");
            }

            return Named(name);
        }

        public static ActivityListener Listen(string source, ActivitySamplingResult sampling, Action<Activity> stopped)
        {
            ActivityListener listener = new() { ShouldListenTo = s => s.Name == source, Sample = (ref _) => sampling, ActivityStopped = stopped };
            ActivitySource.AddActivityListener(listener);
            return listener;
        }

        public void Dispose() => _listener.Dispose();
    }
}
