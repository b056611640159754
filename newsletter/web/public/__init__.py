"""The pages for readers, one file for each."""
