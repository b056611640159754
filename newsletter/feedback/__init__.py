"""What comes back about messages: read, stored once, and applied, in whatever order it comes."""
