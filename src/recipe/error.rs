//! What can be wrong with a transform URL, told so that its author can mend it.

use crate::address::AddressError;

/// A transform URL that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// No options stand between the prefix and the source.
    #[error("there are no options; write at least one, such as width=800")]
    Empty,
    /// A piece between commas is not `name=value`.
    #[error("'{piece}' is not an option; options are name=value, joined by commas")]
    NotAPair {
        /// The piece as it stood.
        piece: String,
    },
    /// No option has this name.
    #[error("there is no option '{name}'")]
    Unknown {
        /// The name as it stood.
        name: String,
    },
    /// The same option was given twice, by one name or by two.
    #[error("option '{name}' is given more than once")]
    Repeated {
        /// The option's long name.
        name: String,
    },
    /// The value is not one that this option has.
    #[error("option '{name}' cannot be '{value}'; it takes {range}")]
    OutOfRange {
        /// The option's long name.
        name: String,
        /// The value as it stood.
        value: String,
        /// The values it takes.
        range: &'static str,
    },
    /// Two options contradict each other.
    #[error("options '{first}' and '{second}' contradict each other")]
    Contradiction {
        /// One of the two.
        first: String,
        /// The other.
        second: String,
    },
    /// An option has no meaning without another.
    #[error("option '{name}' needs '{needed}' beside it")]
    Needs {
        /// The option that stands alone.
        name: String,
        /// The one that is missing.
        needed: String,
    },
    /// A percent sequence does not decode to UTF-8.
    #[error("'{piece}' is not percent-encoded UTF-8")]
    Encoding {
        /// The piece as it stood.
        piece: String,
    },
    /// The configuration holds no preset of this name.
    #[error("there is no preset '{name}'")]
    UnknownPreset {
        /// The name as it stood.
        name: String,
    },
    /// There is no font of this name.
    #[error("there is no font '{font}'; there are {known}")]
    UnknownFont {
        /// The option that names it.
        name: String,
        /// The font as it stood.
        font: String,
        /// Those that there are.
        known: String,
    },
    /// The source cannot be the name of a picture.
    #[error("the source is not the name of a picture: {reason}")]
    Source {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The source is an absolute address, and none that could be fetched.
    #[error("the source is no address of a picture: {0}")]
    Address(#[from] AddressError),
    /// The options are longer than any meant request.
    #[error("the options are {length} bytes long; at most {most} are read")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes read.
        most: usize,
    },
}

impl RecipeError {
    /// The option this is about, where it is about one.
    pub fn option(&self) -> Option<&str> {
        match self {
            Self::Unknown { name }
            | Self::Repeated { name }
            | Self::OutOfRange { name, .. }
            | Self::Needs { name, .. }
            | Self::UnknownFont { name, .. }
            | Self::Contradiction { first: name, .. } => Some(name),
            Self::UnknownPreset { .. } => Some("preset"),
            Self::Empty
            | Self::NotAPair { .. }
            | Self::Encoding { .. }
            | Self::Source { .. }
            | Self::Address(_)
            | Self::TooLong { .. } => None,
        }
    }
}
