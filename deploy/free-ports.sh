# For the scripts beside it: free_ports COUNT prints the first of so many ports, one after another, on which nobody listens on the
# loopback. They are below the range that systems take ports of outgoing connections from.
free_ports() {
    local first port
    for _ in $(seq 200); do
        first="$((15000 + RANDOM % (15000 - $1)))"
        for ((port = first; port < first + $1; port++)); do
            ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || continue 2
        done
        echo "$first"
        return
    done
    echo "free_ports: $1 free ports in a row were not found." >&2
    return 1
}
