using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Trident.Protocol.Tests")]
[assembly: InternalsVisibleTo("Trident.Collections")]
[assembly: InternalsVisibleTo("Trident.Collections.Tests")]
