-- Count texts of a column of venue_tick that come after the first $most as one, $other. `{column}` is the column.
with first_seen as (select {column} as value, min(seq) as seq from venue_tick where {column} is not null group by all),
further as (select value from first_seen order by seq offset $most)
update venue_tick set {column} = $other where {column} in (from further)
