"""Until when an address is not mailed, and what follows from the evidence then."""
