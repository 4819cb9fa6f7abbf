"""What is known once the facts are added up."""
