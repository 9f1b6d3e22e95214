"""The file types that Second Me reads, each a small plugin on the public page alone."""
