-- Placeholders of venues get their names from the last record that names the venues.
update venue_tick set venue = coalesce(getvariable('venue_names')[-1][venue[2:]::integer + 1], 'venue_' || venue[2:])
where venue[1] = '?';
