"""Read files as blocks of whole lines: decompression, digests, and worker processes for large files."""
