"""From the roadmap to issues, and people's words on them."""
