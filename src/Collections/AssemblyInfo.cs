using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Trident.Collections.Tests")]
