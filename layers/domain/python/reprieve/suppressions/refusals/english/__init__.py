"""English words of refusals, parted by what is refused; `refusals.tables` has their order."""
