using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Trident.Client.Tests")]
