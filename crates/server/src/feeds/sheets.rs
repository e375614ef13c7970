//! Rows for spreadsheets: IMPORTDATA and web queries round long ids, so these are left out and links to their pages on
//! TikTok added.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tables::{Column, Kind, Table, TableError, Value};

/// Characters that the name of a hashtag or a handle has in a link.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-');
const SITE: &str = "https://www.tiktok.com";

/// Makes a link of the cells of a row; `None` if one of them is unknown.
type Link = fn(&[&str]) -> String;

/// Column of links, the columns that they are made of, and how.
type Links = (&'static str, &'static [&'static str], Link);

/// Links by the columns that a table has: the first of each name.
const LINKS: [Links; 5] = [
    ("link", &["creator", "id"], |cells| format!("{SITE}/@{}/video/{}", cells[0], cells[1])),
    ("creator_link", &["creator"], |cells| format!("{SITE}/@{}", cells[0])),
    ("link", &["unique_id"], |cells| format!("{SITE}/@{}", cells[0])),
    ("link", &["name"], |cells| format!("{SITE}/tag/{}", cells[0])),
    ("link", &["hashtag"], |cells| format!("{SITE}/tag/{}", cells[0])),
];

/// Returns a table without ids, and with links to the pages of its rows.
pub(crate) fn for_sheets<'a>(table: &Table<'a>) -> Result<Table<'a>, TableError> {
    let columns = table.columns();
    let place = |name: &&str| columns.iter().position(|column| column.name == *name);
    let stays: Vec<usize> = (0..columns.len()).filter(|n| columns[*n].kind != Kind::Id).collect();
    let mut links: Vec<(&'static str, Vec<usize>, Link)> = Vec::new();
    for (name, of, link) in LINKS {
        let places: Option<Vec<usize>> = of.iter().map(place).collect();
        if let Some(places) = places.filter(|_| !links.iter().any(|(other, ..)| *other == name)) {
            links.push((name, places, link));
        }
    }
    let kept = stays.iter().map(|n| columns[*n]);
    let added = links.iter().map(|(name, ..)| Column::new(name, Kind::Text));
    let mut part = Table::new(&kept.chain(added).collect::<Vec<_>>())?;
    for row in table.rows() {
        let mut values: Vec<Value<'a>> = stays.iter().map(|n| row[*n].clone()).collect();
        values.extend(links.iter().map(|(_, places, link)| linked(row, places, *link)));
        part.push(values)?;
    }
    Ok(part)
}

fn linked<'a>(row: &[Value<'_>], places: &[usize], link: Link) -> Value<'a> {
    let cells: Option<Vec<String>> = places.iter().map(|place| cell(&row[*place])).collect();
    cells.map_or(Value::Absent, |cells| {
        Value::text(link(&cells.iter().map(String::as_str).collect::<Vec<_>>()))
    })
}

fn cell(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) | Value::Id(text) => Some(utf8_percent_encode(text, IN_PATH).to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(columns: &[Column], row: Vec<Value<'_>>) -> String {
        let mut table = Table::new(columns).expect("columns");
        table.push(row).expect("a row");
        let sheet = for_sheets(&table).expect("columns are left");
        let options = tables::Options::default();
        let bytes = sheet.write(Vec::new(), tables::Format::Csv, &[], &options).expect("written");
        String::from_utf8(bytes).expect("UTF-8").replace('\r', "")
    }

    #[test]
    fn links_stand_for_long_ids() {
        let id = || Value::id(7_622_263_851_152_706_848_u64);
        let (name, kind) = (Column::new("name", Kind::Text), Kind::Id);
        let hashtag = [Column::new("id", kind), name, Column::new("assigned_id", kind)];
        let row = vec![id(), Value::text("Käse"), id()];
        assert_eq!(csv(&hashtag, row), "name,link\nKäse,https://www.tiktok.com/tag/K%C3%A4se\n");
        let video = [
            Column::new("id", kind),
            Column::new("creator", Kind::Text),
            Column::new("plays", Kind::Integer),
        ];
        let link = "https://www.tiktok.com/@a.b_c";
        assert_eq!(
            csv(&video, vec![id(), Value::text("a.b_c"), Value::count(5)]),
            format!("creator,plays,link,creator_link\na.b_c,5,{link}/video/7622263851152706848,{link}\n")
        );
        assert_eq!(
            csv(&video, vec![id(), Value::Absent, Value::count(5)]),
            "creator,plays,link,creator_link\n,5,,\n"
        );
        let creator = [Column::new("id", kind), Column::new("unique_id", Kind::Text)];
        assert_eq!(
            csv(&creator, vec![id(), Value::text("a")]),
            "unique_id,link\na,https://www.tiktok.com/@a\n"
        );
    }
}
