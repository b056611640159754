"""The issues that have gone out: kept at hand, searched, announced in feeds, written as a site of files."""
