"""What we know of an industry, as tested and signed data."""
