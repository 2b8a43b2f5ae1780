using System.Diagnostics.Metrics;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Tables;

namespace Trident.Grains.Telemetry;

/// <summary>What is read when somebody collects: stock, tickets, links, refused frames. The counts are those of the status.</summary>
public sealed class PartyObservables : IDisposable
{
    private readonly Meter _meter = new(TridentTelemetry.Name);

    /// <summary>Registers the instruments; they live as long as this object.</summary>
    public PartyObservables(ServedTables tables, PeerLinks peers, Mailbox mailbox)
    {
        _meter.CreateObservableGauge("trident.stock.items", () => Tables(t => t.Ledger.Available), "{item}", "Stock items neither used nor in a closed batch.");
        _meter.CreateObservableGauge("trident.stock.size", () => Tables(t => t.Ledger.BytesHeld), "By", "Memory that the stock holds.");
        _meter.CreateObservableCounter("trident.tickets.leased", () => Tables(t => t.Ledger.Leased), "{ticket}", "Tickets given out.");
        _meter.CreateObservableCounter("trident.tickets.used", () => Tables(t => t.Ledger.Used), "{ticket}", "Stock items that went.");
        _meter.CreateObservableCounter("trident.tickets.refused", () => Tables(t => t.Ledger.RefusedUsed + t.Ledger.RefusedUnknown), "{ticket}",
            "Tickets refused, because they were used or are not known.");
        _meter.CreateObservableGauge("trident.peer.up", () => Peers(p => p.Up ? 1 : 0), null, "Whether the peer was last heard of as up.");
        _meter.CreateObservableCounter("trident.exchange.size", () => BothWays(p => Interlocked.Read(ref p.BytesIn), p => Interlocked.Read(ref p.BytesOut)),
            "By", "Bytes of frames exchanged with the peer.");
        _meter.CreateObservableCounter("trident.exchange.frames", () => BothWays(p => Interlocked.Read(ref p.FramesIn), p => Interlocked.Read(ref p.FramesOut)),
            "{frame}", "Frames exchanged with the peer.");
        _meter.CreateObservableCounter("trident.frames.refused", () => peers.Refused().Select(r => new Measurement<long>(r.Value, new KeyValuePair<string, object?>("reason", r.Key))),
            "{frame}", "Frames that this party refused, by reason.");
        _meter.CreateObservableCounter("trident.frames.dropped", () => mailbox.Dropped, "{frame}", "Frames that nobody collected in time.");
        _meter.CreateObservableGauge("trident.mailbox.size", () => mailbox.Bytes, "By", "Bytes of frames that wait for their query.");

        IEnumerable<Measurement<long>> Tables(Func<ServedTable, long> read) =>
            tables.All.Select(t => new Measurement<long>(read(t), new KeyValuePair<string, object?>("table", t.Description.Name)));
        IEnumerable<Measurement<long>> Peers(Func<PeerLink, long> read) =>
            peers.All.Select(p => new Measurement<long>(read(p), new KeyValuePair<string, object?>("peer", p.Party)));
        IEnumerable<Measurement<long>> BothWays(Func<PeerLink, long> read, Func<PeerLink, long> sent) => peers.All.SelectMany(p => (Measurement<long>[])
        [
            new(read(p), new KeyValuePair<string, object?>("peer", p.Party), new KeyValuePair<string, object?>("direction", "in")),
            new(sent(p), new KeyValuePair<string, object?>("peer", p.Party), new KeyValuePair<string, object?>("direction", "out")),
        ]);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
