-- row: line
-- reads: log
select *, null as venue, 0 as life, file_no * 1000000000000 + line as ord, null::double as weight, [{file_no: file_no, line: line}] as refs from run_anchors
