"""The before/after document: templates and the pure code that fills them."""
