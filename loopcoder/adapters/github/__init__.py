"""GitHub behind the ports: pure protocol knowledge, and thin code around the network."""
