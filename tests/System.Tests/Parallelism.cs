using Xunit;

// Every class here starts silos, and some a database. Side by side they take the cores from one another, and a silo that waits for
// a core is a silo that answers late: tests of what happens then are to choose the moment themselves.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
