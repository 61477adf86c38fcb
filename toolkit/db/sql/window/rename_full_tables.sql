-- Rename the tables of the full run, so that copies restricted to a window can take their names.
alter table tick rename to whole_tick;
alter table venue_tick rename to whole_venue_tick;
alter table rx_stat rename to whole_rx_stat;
alter table episode rename to whole_episode;
alter table run rename to whole_run;
-- The ages of a window alone do not show a stretch that began before it. These tables are absent where only ages are analysed.
alter table if exists run_masked rename to whole_masked;
alter table if exists run_masked_proof rename to whole_masked_proof;
