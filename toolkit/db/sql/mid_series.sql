-- Mid of one venue at each tick of the staged run, or of its window, where the tick has a time and the venue a mid, in order of time.
select at_ms, mid_usd from run_venue_ticks where venue = $venue and at_ms is not null and mid_usd is not null order by at_ms
