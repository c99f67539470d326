"""The product on one machine: a local AWS, the real template deployed to it, and a demo organization."""
