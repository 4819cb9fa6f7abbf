"""The worker and the reviewer that come with loopcoder: a loop around a model."""
