using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Trident.Client.Tests")]
[assembly: InternalsVisibleTo("Trident.System.Tests")]
