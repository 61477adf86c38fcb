-- Back to the whole run: the cut copies, which stood before the tables of their name, go.
drop table if exists temp.main.tick;
drop table if exists temp.main.venue_tick;
drop table if exists temp.main.rx_stat;
drop table if exists temp.main.episode;
drop table if exists temp.main.run;
