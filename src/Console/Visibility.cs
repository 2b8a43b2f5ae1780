using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Trident.Console.Tests")]
