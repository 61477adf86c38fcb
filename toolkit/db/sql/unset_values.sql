-- Log lines with a field that holds the largest 64-bit number, signed or unsigned: a value that was never set.
select file_no, line, family, venue, fields from run_log_events
where fields like '%"9223372036854775807"%' or fields like '%"18446744073709551615"%'
order by file_no, line limit 1000
