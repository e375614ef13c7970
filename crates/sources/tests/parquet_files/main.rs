//! Parquet files as tables: the types and encodings that programs write, and files that are damaged or lie.

mod damaged;
mod programs;
mod reports;
mod shapes;

use domain::{Observation, VideoObservation};
use parquet::basic::Compression;
use parquet::data_type::DataType;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use sources::files::{self, FileError, FileReport, Item, Mapping, Options, Reject};
use std::io::Cursor;
use std::sync::Arc;

/// The result of reading a file.
#[derive(Debug, Default)]
struct Out {
    videos: Vec<VideoObservation>,
    rejects: Vec<Reject>,
    report: FileReport,
}

impl Out {
    fn ids(&self) -> Vec<u64> {
        self.videos.iter().map(|video| video.id.get()).collect()
    }

    fn captions(&self) -> Vec<&str> {
        self.videos.iter().map(|video| video.details.title.as_str()).collect()
    }

    fn plays(&self) -> Vec<Option<u64>> {
        self.videos.iter().map(|video| video.counts.plays.map(|count| count.value())).collect()
    }
}

fn collect(items: Vec<Item>, report: FileReport) -> Out {
    let mut out = Out { report, ..Out::default() };
    for item in items {
        match item {
            Item::Observation(Observation::Video(video)) => out.videos.push(*video),
            Item::Observation(other) => panic!("no test here is of that: {other:?}"),
            Item::Reject(reject) => out.rejects.push(reject),
        }
    }
    out
}

fn try_read_with(bytes: &[u8], options: Options) -> Result<Out, FileError> {
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader("posts.parquet", Box::new(Cursor::new(bytes.to_vec())));
    let report = files::read(input, options, &mut items)?;
    Ok(collect(items, report))
}

/// Columns that are named. Likes are the same in all rows, so that no row is without any.
fn mapped(columns: &[&str]) -> Options {
    let columns: Vec<_> = columns.iter().map(|text| (*text).to_owned()).collect();
    let mapping = Mapping::parse(&columns, &["likes=1".to_owned()]).expect("it makes sense");
    Options { mapping: Some(Arc::new(mapping)), ..Options::default() }
}

/// Reads with columns that are named: `id=video_id` and so on.
fn read_mapped(bytes: &[u8], columns: &[&str]) -> Out {
    try_read_with(bytes, mapped(columns)).expect("a table with these columns")
}

/// The values of a column, and their levels where not all are there.
type Group<'g, 'w> = &'g mut SerializedRowGroupWriter<'w, Vec<u8>>;

fn column<T: DataType>(
    group: Group<'_, '_>,
    values: &[T::T],
    defined: Option<&[i16]>,
    repeated: Option<&[i16]>,
) {
    let mut column = group.next_column().expect("to memory").expect("a column is left");
    column.typed::<T>().write_batch(values, defined, repeated).expect("to memory");
    column.close().expect("to memory");
}

/// A file of this schema; each call of `write` fills a row group.
fn file(
    schema: &str,
    compression: Compression,
    groups: usize,
    write: &dyn Fn(usize, Group<'_, '_>),
) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).expect("a schema"));
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).expect("to memory");
    for number in 0..groups {
        let mut group = writer.next_row_group().expect("to memory");
        write(number, &mut group);
        group.close().expect("to memory");
    }
    writer.into_inner().expect("to memory")
}
