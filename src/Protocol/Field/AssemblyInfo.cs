using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Trident.Protocol.Tests")]
