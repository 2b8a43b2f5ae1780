using Trident.Abstractions;
using Trident.Grains.Placement;
using Trident.Grains.Queries;
using Xunit;

namespace Trident.Grains.Tests;

public sealed class PlacementTests
{
    [Theory]
    [InlineData("party-1", 1)]
    [InlineData("party-3-2", 3)]
    [InlineData("party-4", 0)]
    [InlineData("party-12", 0)]
    [InlineData("party-", 0)]
    [InlineData("Silo_1", 0)]
    [InlineData(null, 0)]
    public void A_silo_name_tells_the_party(string? name, int party) => Assert.Equal(party, SiloNames.PartyOf(name));

    [Fact]
    public void A_name_that_is_made_is_read_back()
    {
        for (int party = 1; party <= 3; party++)
        {
            Assert.Equal(party, SiloNames.PartyOf(SiloNames.Of(party)));
            Assert.Equal(party, PartyKeys.PartyOf(PartyKeys.Query(party, Guid.NewGuid())));
            Assert.Equal(party, PartyKeys.PartyOf(PartyKeys.Tickets(party)));
        }
    }

    [Theory]
    [InlineData("4/x")]
    [InlineData("tickets")]
    [InlineData("")]
    public void A_key_without_a_party_is_refused(string key) => Assert.Throws<FormatException>(() => PartyKeys.PartyOf(key));

    [Fact]
    public void A_query_id_begins_once()
    {
        PartyCounters counters = new();
        Guid id = Guid.NewGuid();
        Assert.True(counters.TryBegin(id));
        Assert.False(counters.TryBegin(id));
    }
}
