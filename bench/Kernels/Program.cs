using BenchmarkDotNet.Running;
using Trident.Bench.Kernels;

// dotnet run -c Release -- quick      one table in about half a minute
// dotnet run -c Release -- --filter * BenchmarkDotNet's own measurements
if (args is ["quick"])
{
    Quick.Run();
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(ProductBench).Assembly).Run(args);
}
