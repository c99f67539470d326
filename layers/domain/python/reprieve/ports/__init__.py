"""What the domain needs from the outside world, as protocols; adapters live in `store/`, `providers/` and `smtp/`."""
