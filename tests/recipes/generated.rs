//! Recipes and sources of every shape that a URL can ask for.

use std::collections::BTreeMap;

use lenslet::address::Address;
use lenslet::geometry::{Fit, Focus, Mask};
use lenslet::recipe::{
    Align, Angle, Background, Blend, Border, Breakpoints, Colour, Compression, Content, Decimal, Duotone,
    Filter, Flip, Fonts, Four, Gravity, LONGEST_SIDE, Layer, LayerSlot, Length, Lossless, Metadata, Name,
    OnError, Output, Quality, QualityName, Radius, Recipe, Repeat, Segment, Source, Text, Trim, TrimMode,
    Upscale, Whole, Width, Within,
};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

/// A kind of value with a strategy of its own, so that fields find theirs by their types.
trait Sampled: Sized {
    fn any() -> BoxedStrategy<Self>;
}

/// Given every third time.
impl<T: Sampled + Clone + std::fmt::Debug + 'static> Sampled for Option<T> {
    fn any() -> BoxedStrategy<Self> {
        proptest::option::weighted(0.3, T::any()).boxed()
    }
}

fn opaque() -> impl Strategy<Value = Colour> {
    proptest::array::uniform3(0..=255_u8).prop_map(|[r, g, b]| Colour([r, g, b, 255]))
}

fn any<T: Sampled>() -> BoxedStrategy<T> {
    T::any()
}

macro_rules! sampled {
    ($($type:ty: $strategy:expr;)+) => {$(
        impl Sampled for $type {
            fn any() -> BoxedStrategy<Self> {
                $strategy.boxed()
            }
        }
    )+};
}

sampled! {
    bool: proptest::bool::ANY;
    Width: prop_oneof![9 => (1..=LONGEST_SIDE).prop_map(Width::Pixels), 1 => Just(Width::Auto)];
    Breakpoints: btree_set(1..=LONGEST_SIDE, 1..=32).prop_map(|sides| Breakpoints(sides.into_iter().collect()));
    Fit: select(vec![Fit::ScaleDown, Fit::Contain, Fit::Cover, Fit::Crop, Fit::AspectCrop, Fit::Pad, Fit::Squeeze, Fit::ScaleUp]);
    Gravity: prop_oneof![
        (0..=10_000_u16, 0..=10_000_u16).prop_map(|(x, y)| Gravity::At(Focus { x, y })),
        (0..=2_u16, 0..=2_u16).prop_map(|(x, y)| Gravity::At(Focus { x: x * 5_000, y: y * 5_000 })),
        select(vec![Gravity::Auto, Gravity::Face]),
    ];
    Length: prop_oneof![
        (0..=LONGEST_SIDE).prop_map(Length::Pixels),
        (1..10_000_u32).prop_map(|units| Length::Share(Decimal::from_units(units))),
    ];
    Four<Length>: [any(), any(), any(), any()].prop_map(Four);
    Colour: proptest::array::uniform4(0..=255_u8).prop_map(Colour);
    Angle: (0..3_600_000_u32).prop_map(|units| Angle(Decimal::from_units(units)));
    Background: prop_oneof![4 => Colour::any().prop_map(Background::Colour), 1 => Just(Background::Blur)];
    Filter: select(vec![Filter::Grayscale, Filter::Sepia, Filter::Invert, Filter::Bluechrome, Filter::Cali, Filter::Diamante, Filter::Dramatic, Filter::DuotoneHorizon, Filter::DuotoneLilac, Filter::DuotoneOchre, Filter::DuotoneViolette, Filter::Firenze, Filter::Flagblue, Filter::Golden, Filter::Islands, Filter::Liquid, Filter::Lix, Filter::Lofi, Filter::Marine, Filter::Mauve, Filter::Neue, Filter::Obsidian, Filter::Oceanic, Filter::PastelPink, Filter::Perfume, Filter::Radio, Filter::Rosetint, Filter::Ryo, Filter::Seagreen, Filter::Serenity, Filter::Twenties, Filter::Vintage]);
    Duotone: (opaque(), opaque()).prop_map(|(dark, light)| Duotone { dark, light });
    Radius: prop_oneof![
        1 => Just(Radius::Max),
        2 => Length::any().prop_map(|corner| Radius::Corners([corner; 4])),
        2 => [any(), any(), any(), any()].prop_map(Radius::Corners),
    ];
    Mask: select(vec![Mask::Circle, Mask::Ellipse, Mask::Triangle, Mask::Square, Mask::Pentagon, Mask::Hexagon, Mask::Star,
        Mask::Heart]);
    Quality: prop_oneof![
        (1..=100_u8).prop_map(Quality::Number),
        select(vec![QualityName::High, QualityName::MediumHigh, QualityName::MediumLow, QualityName::Low]).prop_map(Quality::Named),
    ];
    Name: "[a-z0-9_-]{1,64}".prop_map(Name);
    Text: "\\PC{1,40}".prop_filter("at most 512 bytes", |text| text.len() <= 512).prop_map(Text);
    Output: select(vec![Output::Auto, Output::Avif, Output::Webp, Output::Jpeg, Output::BaselineJpeg, Output::Png,
        Output::Gif, Output::Json, Output::Blurhash, Output::Thumbhash, Output::Lqip, Output::Svg]);
    Flip: select(vec![Flip::Horizontal, Flip::Vertical, Flip::Both]);
    Upscale: select(vec![Upscale::Interpolate, Upscale::Generate]);
    Segment: Just(Segment::Foreground);
    Compression: Just(Compression::Fast);
    Lossless: select(vec![Lossless::True, Lossless::Near]);
    Metadata: select(vec![Metadata::Copyright, Metadata::Keep, Metadata::None]);
    OnError: Just(OnError::Redirect);
    TrimMode: Just(TrimMode::Border);
    Repeat: select(vec![Repeat::Both, Repeat::X, Repeat::Y, Repeat::Chessboard]);
    Blend: select(vec![Blend::Over, Blend::Multiply, Blend::Screen, Blend::Overlay, Blend::Darken, Blend::Lighten,
        Blend::SoftLight, Blend::In, Blend::Out, Blend::Atop, Blend::Xor, Blend::Lighter]);
    Align: select(vec![Align::Left, Align::Center, Align::Right]);
    Fonts: vec(any::<Name>(), 1..=4).prop_map(Fonts);
}

impl<const LEAST: u32, const MOST: u32> Sampled for Within<LEAST, MOST> {
    fn any() -> BoxedStrategy<Self> {
        (LEAST..=MOST).prop_map(|units| Self(Decimal::from_units(units))).boxed()
    }
}

impl<const LEAST: u32, const MOST: u32> Sampled for Whole<LEAST, MOST> {
    fn any() -> BoxedStrategy<Self> {
        (LEAST..=MOST).prop_map(Self).boxed()
    }
}

prop_compose! {
    fn sizes()(
        preset in any(), width in any(), wbreakpoints in any(), wmobile in any(), wdesktop in any(),
        height in any(), fit in any(), gravity in any(), zoom in any(), dpr in any(), crop in any(), trim in trim(),
    ) -> Recipe {
        Recipe { preset, width, wbreakpoints, wmobile, wdesktop, height, fit, gravity, zoom, dpr, crop, trim, ..Recipe::default() }
    }
}

prop_compose! {
    fn effects(recipe: Recipe)(
        flip in any(), rotate in any(), background in any(), upscale in any(), segment in any(), blur in any(),
        sharpen in any(), brightness in any(), contrast in any(), gamma in any(), saturation in any(), hue in any(),
    ) -> Recipe {
        Recipe { flip, rotate, background, upscale, segment, blur, sharpen, brightness, contrast, gamma, saturation, hue, ..recipe.clone() }
    }
}

prop_compose! {
    fn shapes(recipe: Recipe)(
        filter in any(), duotone in any(), pixelate in any(), radius in any(), mask in any(),
    ) -> Recipe {
        Recipe { filter, duotone, pixelate, radius, mask, ..recipe.clone() }
    }
}

prop_compose! {
    fn outputs(recipe: Recipe)(
        border in border(), format in any(), quality in any(), slow_connection_quality in any(), lossless in any(), max_bytes in any(),
        anim in any(), compression in any(), metadata in any(), onerror in any(), layers in layers(),
    ) -> Recipe {
        Recipe { border, format, quality, slow_connection_quality, lossless, max_bytes, anim, compression, metadata, onerror, layers, ..recipe.clone() }
    }
}

prop_compose! {
    fn trim()(
        mode in any::<Option<TrimMode>>(), border_color in any(), border_tolerance in any(), border_keep in any(),
        (left, width, right) in along(), (top, height, bottom) in along(),
    ) -> Trim {
        // Without a mode there is no border to speak of.
        let border_color = mode.and(border_color);
        let (border_tolerance, border_keep) = (mode.and(border_tolerance), mode.and(border_keep));
        Trim { mode, border_color, border_tolerance, border_keep, top, right, bottom, left, width, height }
    }
}

type Along = (Option<Length>, Option<Length>, Option<Length>);

/// Two of before, length and after: all three contradict each other.
fn along() -> impl Strategy<Value = Along> {
    any::<Four<Length>>().prop_flat_map(|Four([a, b, ..])| {
        let (a, b) = (Some(a), Some(b));
        select(vec![
            (None, None, None),
            (a, None, None),
            (None, a, None),
            (a, b, None),
            (None, a, b),
            (a, None, b),
        ])
    })
}

prop_compose! {
    fn border()(
        color in any(), width in any(), top in any(), right in any(), bottom in any(), left in any(),
    ) -> Border {
        let border = Border { color, width, top, right, bottom, left };
        Border { color: color.filter(|_| border.is_drawn()), ..border }
    }
}

fn layers() -> impl Strategy<Value = BTreeMap<LayerSlot, Layer>> {
    vec(prop_oneof![layer(Content::Mark), layer(Content::Text)], 0..4)
        .prop_map(|layers| layers.into_iter().collect())
}

fn layer(content: Content) -> BoxedStrategy<(LayerSlot, Layer)> {
    let slot = (1..=8_u8).prop_map(move |number| LayerSlot { number, content });
    let subject = match content {
        Content::Mark => key().prop_map(Text).boxed(),
        Content::Text => any(),
    };
    let own = match content {
        Content::Mark => of_mark().boxed(),
        Content::Text => of_text().boxed(),
    };
    (slot, subject, own)
        .prop_flat_map(|(slot, subject, own)| (Just(slot), shared(Layer { subject: Some(subject), ..own })))
        .boxed()
}

prop_compose! {
    fn of_mark()(height in any(), fit in any()) -> Layer { Layer { height, fit, ..Layer::default() } }
}

prop_compose! {
    fn of_text()(
        size in any(), font in any(), color in any(), align in any(), outline in any(), outline_color in any(),
        shadow in any(), shadow_blur in any(), shadow_color in any(),
    ) -> Layer {
        Layer {
            size, font, color, align, outline, outline_color, shadow, shadow_blur, shadow_color, ..Layer::default()
        }
    }
}

prop_compose! {
    fn shared(layer: Layer)(
        width in any(), gravity in any(), (left, _, _) in along(), (_, _, right) in along(), (top, _, _) in along(),
        (_, _, bottom) in along(), opacity in any(), (repeat, gap) in (any(), any()), (rotate, blend) in (any(), any()),
        (min_width, least) in (any(), any()),
    ) -> Layer {
        Layer {
            width, gravity, left, top, opacity, repeat, gap, rotate, blend, min_width, least,
            // Opposite sides contradict each other.
            right: right.filter(|_| left.is_none()),
            bottom: bottom.filter(|_| top.is_none()),
            ..layer.clone()
        }
    }
}

/// Any recipe that a URL can hold.
pub(super) fn recipe() -> impl Strategy<Value = Recipe> {
    sizes().prop_flat_map(effects).prop_flat_map(shapes).prop_flat_map(outputs)
}

/// Keys of objects: steps of anything but `?`, which begins a query, and what no key may hold.
fn key() -> impl Strategy<Value = String> {
    vec("[^\\p{Cc}/\\\\?]{1,12}", 1..4)
        .prop_map(|steps| steps.join("/"))
        .prop_filter("no step is . or ..", |key| !key.split('/').any(|step| matches!(step, "." | "..")))
        .prop_filter("at most 512 bytes", |key| key.len() <= 512)
}

/// Any source that a URL can hold: queries and hosts come percent-encoded from every client.
pub(super) fn source() -> impl Strategy<Value = Source> {
    let query = proptest::option::of("[a-z0-9=&%._~/?:-]{1,20}");
    prop_oneof![
        (key(), query).prop_map(|(key, query)| Source::Key { key, query }),
        "https?://[a-z0-9.-]{1,20}(:[0-9]{1,4})?/[A-Za-z0-9%._~/-]{0,20}(\\?[a-z0-9=&%]{1,10})?"
            .prop_filter_map("no address", |url| Some(Source::Remote {
                address: Address::parse(&url).ok()?
            })),
    ]
}
