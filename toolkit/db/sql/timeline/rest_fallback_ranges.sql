-- Line ranges in which a venue's books came over REST: from an activation line to the venue's next line that ends the
-- fallback, or the largest integer without one. Parameters: $run_key, $file_no.
with events as (
    select venue, line, family in ('rest_fallback_activated', 'own_fallback_activated') as begins from log_event
    where run_key = $run_key and file_no = $file_no and venue is not null
      and family in ('rest_fallback_activated', 'own_fallback_activated', 'rest_fallback_recovered', 'own_fallback_deactivated')
)
select venue, line, coalesce(min(line) filter (not begins) over later, 9223372036854775807)
from events
window later as (partition by venue order by line rows between 1 following and unbounded following)
qualify begins
