using Orleans;
using Orleans.Runtime;

namespace Trident.Client;

/// <summary>
/// Orleans sends the caller's <see cref="RequestContext"/> along with every call. Where the application is an Orleans one itself, that
/// may hold its trace, its users' names, anything: a party gets none of it. The caller keeps what it had.
/// </summary>
internal sealed class NothingOfTheCaller : IOutgoingGrainCallFilter
{
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        // Undone when this method returns: the context is the asynchronous method's own.
        RequestContext.Clear();
        await context.Invoke();
    }
}
