"""How the packets of published tracks become the copies that subscribers get."""
