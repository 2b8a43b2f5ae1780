using System.Runtime.InteropServices;
using Trident.Console;

// Ctrl-C and SIGTERM end a command the same way: through its token, so that children are stopped and files are closed.
using CancellationTokenSource stop = new();
void OnSignal(PosixSignalContext context)
{
    context.Cancel = true;
    try
    {
        stop.Cancel();
    }
    catch (ObjectDisposedException)
    {
        // The command is over already.
    }
}

using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
return await TridentCommandLine.RunAsync(args, System.Console.Out, System.Console.Error, stop.Token);
