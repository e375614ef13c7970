//! The real binary, from outside: command lines, streams, exit codes, sockets, signals, real captures.

mod alerts;

mod binary;

mod both_ways;
mod campaigns;

mod captures;

mod command_line;

mod containers;

mod description;

mod first_day;

mod forgetting;
#[cfg(unix)]
mod full_disk;

mod identities;

mod importing;
mod keeping;

mod kills;

mod measuring;

mod old_folder;

mod one_number;

mod outputs;

mod postgres;

mod printed;

mod readme;

mod report_files;

mod screen;

mod serving;

mod sides;

mod workbooks;
