//! The columns of a Parquet file as those of a table: structs are flattened (`stats.playCount`), lists and maps become
//! JSON.
//!
//! Parquet stores each leaf column with two levels per value (Dremel encoding): the definition level counts the
//! optional groups and lists that are present around it, the repetition level is the list that it continues, 0 at the
//! start of a record. A cell is assembled by walking its [`Node`] tree and consuming the leaves' levels in parallel.

use super::leaf::{Leaf, Level};
use super::value::Pushed;
use ::parquet::basic::{ConvertedType, LogicalType, Repetition};
use ::parquet::errors::ParquetError;
use ::parquet::schema::types::{SchemaDescriptor, Type};

/// Longest cell, in bytes. A row with a longer list is rejected.
const CELL_BYTES_MAX: usize = 1 << 20;

/// A column of the table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) node: Node,
    pub(super) has_lists: bool,
}

/// The recipe for assembling a cell. The numbers are levels: definition levels say what is present, repetition levels
/// which list a value belongs to.
#[derive(Debug)]
pub(super) enum Node {
    /// A leaf column of the file.
    Leaf(usize),
    Object {
        present: i16,
        first: usize,
        fields: Vec<(String, Node)>,
    },
    List {
        present: i16,
        filled: i16,
        repeated: i16,
        first: usize,
        element: Box<Node>,
    },
    /// Pairs of a key and a value.
    Map {
        present: i16,
        filled: i16,
        repeated: i16,
        first: usize,
        key: Box<Node>,
        value: Box<Node>,
    },
}

/// Why a cell cannot be assembled.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// The row is rejected.
    Cell(String),
    /// The file is damaged.
    File(String),
}

impl From<ParquetError> for Unreadable {
    fn from(error: ParquetError) -> Self {
        Self::File(error.to_string())
    }
}

/// Returns the table columns of a schema.
pub(super) fn columns(schema: &SchemaDescriptor) -> Vec<Column> {
    let mut walk = Walk { leaves: 0, columns: Vec::new() };
    for field in schema.root_schema().get_fields() {
        walk.column(field, field.name().to_owned(), 0);
    }
    walk.columns
}

struct Walk {
    leaves: usize,
    columns: Vec<Column>,
}

fn repetition(field: &Type) -> Repetition {
    match field.get_basic_info().has_repetition() {
        true => field.get_basic_info().repetition(),
        false => Repetition::REQUIRED,
    }
}

fn is_annotated(field: &Type, converted: &[ConvertedType], logical: &LogicalType) -> bool {
    let info = field.get_basic_info();
    converted.contains(&info.converted_type()) || info.logical_type_ref() == Some(logical)
}

/// Returns the only field of a group, if it is repeated.
fn repeated_child(field: &Type) -> Option<&Type> {
    match field.get_fields() {
        [child] if repetition(child) == Repetition::REPEATED => Some(child),
        _ => None,
    }
}

impl Walk {
    /// Adds a field as a column or, if it is a plain struct, one column per field.
    fn column(&mut self, field: &Type, name: String, defined: i16) {
        let is_plain = !field.is_primitive()
            && repetition(field) != Repetition::REPEATED
            && list_of(field).is_none()
            && map_of(field).is_none();
        if is_plain {
            let defined = defined + i16::from(repetition(field) == Repetition::OPTIONAL);
            for child in field.get_fields() {
                self.column(child, format!("{name}.{}", child.name()), defined);
            }
            return;
        }
        let node = self.node(field, defined, 0);
        let has_lists = !matches!(node, Node::Leaf(_));
        self.columns.push(Column { name, node, has_lists });
    }

    /// Builds the node of a field. `defined` and `repeated` are the levels of its parent.
    fn node(&mut self, field: &Type, defined: i16, repeated: i16) -> Node {
        match repetition(field) {
            // A repeated field that is not annotated as a list is one.
            Repetition::REPEATED => {
                let first = self.leaves;
                let element = Box::new(self.content(field, defined + 1, repeated + 1));
                Node::List { present: defined, filled: defined + 1, repeated: repeated + 1, first, element }
            }
            Repetition::OPTIONAL => self.content(field, defined + 1, repeated),
            Repetition::REQUIRED => self.content(field, defined, repeated),
        }
    }

    /// Builds the node of a field without its own repetition, which the levels already include.
    fn content(&mut self, field: &Type, defined: i16, repeated: i16) -> Node {
        let first = self.leaves;
        if field.is_primitive() {
            self.leaves += 1;
            return Node::Leaf(first);
        }
        let (filled, inner) = (defined + 1, repeated + 1);
        if let Some((key, value)) = map_of(field) {
            let key = Box::new(self.node(key, filled, inner));
            let value = Box::new(self.node(value, filled, inner));
            return Node::Map { present: defined, filled, repeated: inner, first, key, value };
        }
        if let Some(element) = list_of(field) {
            let element = Box::new(match element {
                Element::Itself(repeating) => self.content(repeating, filled, inner),
                Element::Within(child) => self.node(child, filled, inner),
            });
            return Node::List { present: defined, filled, repeated: inner, first, element };
        }
        let fields = field.get_fields().iter().map(|child| {
            let node = self.node(child, defined, repeated);
            (child.name().to_owned(), node)
        });
        Node::Object { present: defined, first, fields: fields.collect() }
    }
}

/// The element of a list. In old files the repeated field is the element itself.
enum Element<'t> {
    Itself(&'t Type),
    Within(&'t Type),
}

/// Returns the element of a list group, by the specification's rules for old and new files.
fn list_of(field: &Type) -> Option<Element<'_>> {
    if field.is_primitive() || !is_annotated(field, &[ConvertedType::LIST], &LogicalType::List) {
        return None;
    }
    let repeating = repeated_child(field)?;
    if repeating.is_primitive() {
        return Some(Element::Itself(repeating));
    }
    // A list of lists in the old encoding: the repeated field is a list itself.
    if list_of(repeating).is_some() || map_of(repeating).is_some() {
        return Some(Element::Itself(repeating));
    }
    let is_old_name = repeating.name() == "array" || repeating.name().ends_with("_tuple");
    match repeating.get_fields() {
        [child] if !is_old_name || repeated_child(repeating).is_some() => Some(Element::Within(child)),
        _ => Some(Element::Itself(repeating)),
    }
}

/// Returns key and value of a map group.
fn map_of(field: &Type) -> Option<(&Type, &Type)> {
    let converted = [ConvertedType::MAP, ConvertedType::MAP_KEY_VALUE];
    if field.is_primitive() || !is_annotated(field, &converted, &LogicalType::Map) {
        return None;
    }
    match repeated_child(field)? {
        pairs if pairs.is_primitive() => None,
        pairs => match pairs.get_fields() {
            [key, value] => Some((key, value)),
            _ => None,
        },
    }
}

impl Column {
    /// Adds the cell of the next row.
    pub(super) fn push(&self, leaves: &mut [Leaf], text: &mut String) -> Result<(), Unreadable> {
        let mut cell =
            Cell { leaves, has_lists: self.has_lists, unreadable: None, is_long: false, start: text.len() };
        if let Node::Leaf(leaf) = self.node {
            let level = cell.level(leaf)?;
            cell.value(leaf, level, text);
        } else {
            cell.record_begins(&self.node)?;
            let is_null = cell.is_null(&self.node)?;
            let start = text.len();
            cell.node(&self.node, text)?;
            if is_null {
                text.truncate(start);
            }
        }
        match (cell.unreadable, cell.is_long) {
            (Some(why), _) => Err(Unreadable::Cell(format!("{}: {why}", self.name))),
            (None, true) => {
                Err(Unreadable::Cell(format!("{}: longer than {CELL_BYTES_MAX} bytes", self.name)))
            }
            (None, false) => Ok(()),
        }
    }
}

/// A cell under construction.
struct Cell<'l> {
    leaves: &'l mut [Leaf],
    has_lists: bool,
    unreadable: Option<&'static str>,
    is_long: bool,
    start: usize,
}

impl Cell<'_> {
    fn leaf(&mut self, leaf: usize) -> Result<&mut Leaf, Unreadable> {
        self.leaves
            .get_mut(leaf)
            .ok_or_else(|| Unreadable::File("it has fewer columns than it says".to_owned()))
    }

    fn peek(&mut self, leaf: usize) -> Result<Option<Level>, Unreadable> {
        let has_lists = self.has_lists;
        Ok(self.leaf(leaf)?.level(has_lists)?)
    }

    fn level(&mut self, leaf: usize) -> Result<Level, Unreadable> {
        self.peek(leaf)?.ok_or_else(|| Unreadable::File("a column ends before the others".to_owned()))
    }

    fn value(&mut self, leaf: usize, level: Level, text: &mut String) -> Pushed {
        let Some(leaf) = self.leaves.get_mut(leaf) else { return Pushed::Nothing };
        let start = text.len();
        let pushed = leaf.take(level, text).unwrap_or_else(|why| {
            self.unreadable.get_or_insert(why);
            Pushed::Nothing
        });
        self.cut(text);
        if pushed == Pushed::Nothing {
            text.truncate(start);
        }
        pushed
    }

    /// Drops the text beyond the limit. The rest of the record is skipped, and the row rejected.
    fn cut(&mut self, text: &mut String) {
        if text.len() - self.start > CELL_BYTES_MAX {
            self.is_long = true;
            text.truncate(self.start);
        }
    }

    /// Checks that all leaves of the cell are at the start of a record.
    fn record_begins(&mut self, node: &Node) -> Result<(), Unreadable> {
        let mut all = Vec::new();
        node.each_leaf(&mut |leaf| all.push(leaf));
        for leaf in all {
            if self.level(leaf)?.repeated != 0 {
                return Err(Unreadable::File("columns of one list have different lengths".to_owned()));
            }
        }
        Ok(())
    }

    /// Returns true if the list is absent, as opposed to empty.
    fn is_null(&mut self, node: &Node) -> Result<bool, Unreadable> {
        match node {
            Node::Leaf(_) => Ok(false),
            Node::Object { present, first, .. }
            | Node::List { present, first, .. }
            | Node::Map { present, first, .. } => Ok(self.level(*first)?.defined < *present),
        }
    }

    /// Writes a node as JSON.
    fn node(&mut self, node: &Node, json: &mut String) -> Result<(), Unreadable> {
        match node {
            Node::Leaf(leaf) => self.scalar(*leaf, json)?,
            Node::Object { present, first, fields } => {
                if fields.is_empty() || self.level(*first)?.defined < *present {
                    return self.nothing(node, "null", json);
                }
                json.push('{');
                for (number, (name, field)) in fields.iter().enumerate() {
                    json.push_str(if number == 0 { "" } else { "," });
                    json.push_str(&serde_json::Value::String(name.clone()).to_string());
                    json.push(':');
                    self.node(field, json)?;
                }
                json.push('}');
            }
            Node::List { present, filled, repeated, first, element } => {
                let defined = self.level(*first)?.defined;
                if defined < *filled {
                    return self.nothing(node, if defined < *present { "null" } else { "[]" }, json);
                }
                json.push('[');
                loop {
                    self.node(element, json)?;
                    if !self.goes_on(*first, *repeated)? {
                        break;
                    }
                    json.push(',');
                }
                json.push(']');
            }
            Node::Map { present, filled, repeated, first, key, value } => {
                let defined = self.level(*first)?.defined;
                if defined < *filled {
                    return self.nothing(node, if defined < *present { "null" } else { "{}" }, json);
                }
                json.push('{');
                loop {
                    let start = json.len();
                    self.node(key, json)?;
                    let start = start.min(json.len());
                    // JSON keys are strings.
                    if !json[start..].starts_with('"') {
                        json.insert(start, '"');
                        json.push('"');
                    }
                    json.push(':');
                    self.node(value, json)?;
                    if !self.goes_on(*first, *repeated)? {
                        break;
                    }
                    json.push(',');
                }
                json.push('}');
            }
        }
        self.cut(json);
        Ok(())
    }

    fn scalar(&mut self, leaf: usize, json: &mut String) -> Result<(), Unreadable> {
        let level = self.level(leaf)?;
        let start = json.len();
        match self.value(leaf, level, json) {
            Pushed::Bare => {}
            Pushed::Nothing => json.push_str("null"),
            Pushed::Text => {
                let quoted = serde_json::Value::String(json.split_off(start.min(json.len()))).to_string();
                json.push_str(&quoted);
            }
        }
        Ok(())
    }

    fn goes_on(&mut self, first: usize, repeated: i16) -> Result<bool, Unreadable> {
        Ok(self.peek(first)?.is_some_and(|next| next.repeated >= repeated))
    }

    /// Writes the given text for an absent value, and skips it in all leaves.
    fn nothing(&mut self, node: &Node, text: &str, json: &mut String) -> Result<(), Unreadable> {
        json.push_str(text);
        let mut all = Vec::new();
        node.each_leaf(&mut |leaf| all.push(leaf));
        for leaf in all {
            let level = self.level(leaf)?;
            let length = json.len();
            self.value(leaf, level, json);
            json.truncate(length.min(json.len()));
        }
        Ok(())
    }
}

impl Node {
    fn each_leaf(&self, on: &mut dyn FnMut(usize)) {
        match self {
            Self::Leaf(leaf) => on(*leaf),
            Self::Object { fields, .. } => fields.iter().for_each(|(_, field)| field.each_leaf(on)),
            Self::List { element, .. } => element.each_leaf(on),
            Self::Map { key, value, .. } => {
                key.each_leaf(on);
                value.each_leaf(on);
            }
        }
    }
}
