"""What may not happen: to paths, to secrets, through strangers' text, over the network."""
