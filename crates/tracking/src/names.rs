//! Closed sets in the API description.

use domain::tracking::{Cadence, GapReason, Interval, OnEmpty, TrackerSource};
use strum::VariantArray;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $names:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let names: Vec<&'static str> = $names;
                    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

fn names<T: VariantArray + Into<&'static str> + Copy>() -> Vec<&'static str> {
    T::VARIANTS.iter().map(|one| (*one).into()).collect()
}

names! {
    /// Names of cadences.
    CadenceName = Cadence::ALL.map(Cadence::name).to_vec();
    /// Names of intervals.
    IntervalName = names::<Interval>();
    /// Names of sources.
    SourceName = names::<TrackerSource>();
    /// Names of what happens when a budget does not last.
    OnEmptyName = names::<OnEmpty>();
    /// Names of the reasons of gaps.
    GapReasonName = names::<GapReason>();
}
