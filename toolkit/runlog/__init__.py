"""Parser of run logs: lines to records, records to lives and facts of the run. Log text is data, never executed."""
