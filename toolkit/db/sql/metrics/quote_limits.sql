-- title: Limits that reduce quotes
-- unit: count
-- better: lower
-- figures: <venue>.quotes.levels:none <venue>.quotes.wanted:none <venue>.quotes.margin_capped <venue>.quotes.liquidation_cut <venue>.quotes.cut
-- definition[quotes.levels]: Quote levels recorded (two per record).
-- definition[quotes.wanted]: Levels with a size above 0.
-- definition[quotes.margin_capped]: Levels whose margin cap is below the initial size.
-- definition[quotes.liquidation_cut]: Levels whose liquidation factor is below 1.
-- definition[quotes.cut]: Levels whose final size is more than 0.001 below the initial size, for any reason.
-- source: telemetry quote_levels
with levels as (select unnest(quote_levels, recursive := true) from run_ticks),
counted as (
    select venue_id as venue, count(*) as levels, count_if(size_final > 0) as wanted, count_if(size_margin_cap < size_raw) as margin_capped,
           count_if(size_liq_factor < 1) as liquidation_cut, count_if(size_final < size_raw - 0.001) as cut
    from levels group by venue_id
),
telemetry as (select count(quote_levels) > 0 as recorded from run_ticks)
select v.venue as scope, 'quotes.' || stat as metric, case when levels > 0 then amount when recorded then 0 end as value, coalesce(levels, 0) as n,
       'exact' as bound, value as low, value as high, case when value is null then 'no record carries this field' end as note
from run_venues v left join counted using (venue) cross join telemetry,
     lateral (values ('levels', levels), ('wanted', wanted), ('margin_capped', margin_capped), ('liquidation_cut', liquidation_cut),
                     ('cut', cut)) as s (stat, amount)
