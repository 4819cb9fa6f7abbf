"""Stateful in-memory fakes of every port, able to fail on request."""
