//! Ways to predict (RFC 6386, sections 8 and 11).

/// How a block is predicted from those above and to the left. The first four are for whole macroblocks too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::picture) enum Mode {
    /// The mean of both borders.
    #[default]
    Dc,
    /// Left plus above minus corner.
    TrueMotion,
    /// What is above.
    Vertical,
    /// What is to the left.
    Horizontal,
    /// Down to the left.
    LeftDown,
    /// Down to the right.
    RightDown,
    /// Down, a little to the right.
    VerticalRight,
    /// Down, a little to the left.
    VerticalLeft,
    /// To the right, a little down.
    HorizontalDown,
    /// To the right, a little up.
    HorizontalUp,
}

impl Mode {
    /// Those of whole macroblocks.
    pub(in crate::picture) const WHOLE: [Self; 4] =
        [Self::Dc, Self::TrueMotion, Self::Vertical, Self::Horizontal];

    /// Those of subblocks, in the order of the table of their probabilities.
    pub(in crate::picture) const ALL: [Self; 10] = [
        Self::Dc,
        Self::TrueMotion,
        Self::Vertical,
        Self::Horizontal,
        Self::LeftDown,
        Self::RightDown,
        Self::VerticalRight,
        Self::VerticalLeft,
        Self::HorizontalDown,
        Self::HorizontalUp,
    ];
}

/// How luma is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::picture) enum Luma {
    /// All of it in one way.
    Whole(Mode),
    /// Each of its 16 subblocks in its own.
    Subblocks([Mode; 16]),
}
