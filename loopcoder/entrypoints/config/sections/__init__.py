"""The sections of `loopcoder.yml`, by what they are about."""
