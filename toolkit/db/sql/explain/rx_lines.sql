-- row: market_rx line
-- reads: rx_stats, log
select *, null as venue, file_no * 1000000000000 + line as ord, null::double as weight, [{file_no: file_no, line: line}] as refs from run_rx_steps
