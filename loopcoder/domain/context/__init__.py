"""What an agent is told, and what it says of its own work."""
