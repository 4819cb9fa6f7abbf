"""What the tracker holds, what it should hold, and the plan between the two."""
