using Microsoft.Extensions.Logging;
using Trident.Grains.Tables;
using Trident.Protocol.Product;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange;

/// <summary>Checks a frame that came in and hands it on: shares to the mailbox, word of stock to the stock keeper, votes to the table keeper.</summary>
public sealed partial class FrameReceiver(LinkSession session, PeerLinks peers, ServedTables tables, Mailbox mailbox, ILogger<FrameReceiver> log)
{
    private Action<FrameHeader, byte[]>? _onStock, _onVote;

    /// <summary>Who answers a proposal to make stock, and hears of batches that are closed.</summary>
    public void OnStock(Action<FrameHeader, byte[]> handler) => _onStock = handler;

    /// <summary>Who hears votes on changes of tables, and questions for them.</summary>
    public void OnVote(Action<FrameHeader, byte[]> handler) => _onVote = handler;

    /// <summary>
    /// Whether a frame with this header may be read at all, before any of its body is: the sizes that the tables imply bound
    /// what a stranger can make this process hold.
    /// </summary>
    public AckReason Admit(FrameHeader header)
    {
        if (header.To != peers.Party || header.From == peers.Party || header.From is < 1 or > 3)
        {
            return AckReason.UnknownPeer;
        }

        if (header.Kind == FrameKind.Hello)
        {
            return header.BodyLength <= 4096 ? AckReason.Ok : AckReason.TooLarge;
        }

        if (tables.Find(header.TableVersion) is not { } table)
        {
            return AckReason.UnknownTable;
        }

        StockShape largest = StockShape.Of(table.Description, StockShape.MaxItems(table.Description));
        long limit = header.Kind switch
        {
            FrameKind.EShare or FrameKind.BeaverShare => table.MaxShareBytes(header.Kind),
            FrameKind.StockMasked => largest.PieceBytes,
            FrameKind.StockCheckMask => largest.CheckMaskBytes,
            FrameKind.StockCheckZero => largest.CheckZeroBytes,
            _ => 256,
        };
        return header.BodyLength <= limit ? AckReason.Ok : AckReason.TooLarge;
    }

    /// <summary>Authenticates a whole frame and hands it on.</summary>
    public AckReason Accept(FrameHeader header, ReadOnlySpan<byte> ciphertextAndTag)
    {
        FrameOpening opening = session.Open(header, ciphertextAndTag);
        if (opening.Body is not { } body)
        {
            return opening.Reason;
        }

        PeerLink peer = peers[header.From];
        Interlocked.Increment(ref peer.FramesIn);
        Interlocked.Add(ref peer.BytesIn, FrameHeader.Size + ciphertextAndTag.Length);
        if (peer.Heard(header.Session))
        {
            Restarted(log, peer.Party);
            foreach (ServedTable table in tables.All)
            {
                // Its stock went with the old process; tickets of these batches would get only two shares.
                table.Ledger.CloseAll();
            }
        }

        switch (header.Kind)
        {
            case FrameKind.Hello:
                return AckReason.Ok;
            case FrameKind.StockPropose or FrameKind.StockClose:
                _onStock?.Invoke(header, body);
                return AckReason.Ok;
            case FrameKind.TableVote or FrameKind.TableAsk:
                _onVote?.Invoke(header, body);
                return AckReason.Ok;
            default:
                return mailbox.TryPut(new MailKey(header.Kind, header.Query, header.From), body) ? AckReason.Ok : AckReason.MailboxFull;
        }
    }

    /// <summary>Counts and logs a refusal.</summary>
    public void Refuse(AckReason reason, FrameHeader? header)
    {
        peers.Refuse(reason);
        Refused(log, reason, header?.Kind, header?.From);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Party {Peer} has a new process; batches of stock made with the old one are closed")]
    private static partial void Restarted(ILogger logger, int peer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a frame: {Reason} (kind {Kind}, said to be from party {From})")]
    private static partial void Refused(ILogger logger, AckReason reason, FrameKind? kind, int? from);
}
