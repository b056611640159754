"""Ways to carry messages: each file or folder here, but `base`, is one."""
