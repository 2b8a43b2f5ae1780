using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Trident.Console.Tests")]
[assembly: InternalsVisibleTo("Trident.System.Tests")]
