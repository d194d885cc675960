"""Image: real tars, real digests."""
