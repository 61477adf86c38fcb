-- row: record
-- reads: telemetry
-- needs: book_faults
select f.*, would_send_orders_count as intents, len(list_filter(orders, lambda o: o.venue_id = f.venue and o.status = 'intent')) as venue_intents,
       f.seq as ord, f.weight_ms as weight, [{file_no: r.file_no, line: r.line}] as refs
from run_book_faults f join run_ticks r using (seq) where f.venue = $scope
