"""What the product knows: domains, the facts they publish, and the machinery under them."""
