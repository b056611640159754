"""Excel workbooks (XLSX), read row by row so that the largest needs no more memory than the smallest."""
