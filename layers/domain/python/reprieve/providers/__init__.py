"""Upstream email providers behind one port."""
