-- Each venue's last line that reports an error of its public socket, and the error in it.
select venue, json_extract_string(fields, '$.error') as error, file_no, line
from run_log_events where family = 'ws_error' and venue is not null
qualify row_number() over (partition by venue order by file_no desc, line desc, col desc) = 1
order by venue
