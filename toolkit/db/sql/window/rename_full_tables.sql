-- Rename the tables of the full run, so that copies restricted to a window can take their names.
alter table tick rename to whole_tick;
alter table venue_tick rename to whole_venue_tick;
alter table rx_stat rename to whole_rx_stat;
alter table episode rename to whole_episode;
alter table run rename to whole_run;
