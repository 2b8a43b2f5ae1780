namespace Trident.Client;

/// <summary>How many tickets were wanted in about the last second: in this half second and in the one before it. Not thread-safe.</summary>
internal sealed class RecentDemand(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);
    private readonly long _began = time.GetTimestamp();
    private long _window;
    private int _now, _before;

    /// <summary>The number.</summary>
    public int LastSecond
    {
        get
        {
            Move();
            return _now + _before;
        }
    }

    /// <summary>So many more are wanted.</summary>
    public void Note(int count)
    {
        Move();
        _now += count;
    }

    private void Move()
    {
        long window = time.GetElapsedTime(_began).Ticks / Window.Ticks;
        if (window != _window)
        {
            (_before, _now) = (window == _window + 1 ? _now : 0, 0);
            _window = window;
        }
    }
}
