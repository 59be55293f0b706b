//! What a document comes to once everything that it refers to stands where it is referred to, before any of that is made.
//!
//! A few lines can say "ten times what is above" ten times over, in many ways: `use`, markers at every corner, patterns, masks
//! and gradients that are inherited, style sheets. Here all of them are counted, each element once, and what comes to too much is
//! refused.

use std::collections::HashMap;

use roxmltree::{Document, Node, NodeId, ParsingOptions};
use simplecss::DeclarationTokenizer;
use svgtypes::{PathParser, PathSegment, PointsParser};

use super::sheet::{Element, Sheet};
use super::{Drawing, SvgError};

/// Elements there may be, each as often as it is drawn.
pub(super) const MOST_ELEMENTS: u64 = 20_000;

/// Nodes of the document, with the white space between elements.
const MOST_NODES: u32 = 100_000;

/// Segments of paths there may be, each as often as it is drawn.
pub(super) const MOST_SEGMENTS: u64 = 400_000;

/// How deep elements may lie in each other, followed through what they refer to. Whoever walks them calls itself.
pub(super) const MOST_DEPTH: u32 = 64;

/// Bytes of attributes, each as often as it is read.
const MOST_READ_BYTES: u64 = 64 << 20;

/// Elements times rules and declarations of style sheets, where what is to be looked for above others counts for more.
const MOST_STYLING: u64 = 20_000_000;

/// Attributes that are as long as they like: nothing inherits them.
const LONG: [&str; 4] = ["d", "points", "href", "style"];

/// Elements that are not drawn, and what is to be done about it.
const UNDRAWN: [(&str, &str); 6] = [
    ("text", "text, as there are no fonts for it: convert it to paths"),
    ("flowRoot", "text, as there are no fonts for it: convert it to paths"),
    ("image", "embedded pictures: lay them on it as marks"),
    ("meshgradient", "mesh gradients: convert them to paths or to other gradients"),
    ("solidColor", "solidColor: name the colour itself"),
    ("font", "fonts: convert text to paths"),
];
pub(super) const FILTERS: &str = "filters: leave them away, or draw what they make";

/// What a document comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    /// Bytes that are held at most while a tree of paths is made of it, with the tree.
    pub(super) tree_bytes: u64,
}

/// Looks through a drawing that was made safe.
pub(super) fn survey(drawing: &Drawing) -> Result<Survey, SvgError> {
    let document = parse(&drawing.text)?;
    check_depth(&document)?;
    let sheet = Sheet::of(&document)?;
    let looks = |node: Node<'_, '_>| {
        if draws_elsewhere(node.tag_name().name()) { 1 + node.ancestors().count() as u64 } else { 1 }
    };
    let looks: u64 = document.descendants().map(looks).sum();
    at_most(STYLING, sheet.cost.saturating_mul(looks), MOST_STYLING)?;
    let mut walk =
        Walk { ids: ids(&document), sheet: &sheet, done: HashMap::new(), longest: Longest::default() };
    let total = walk.total(document.root_element(), 0)?;
    total.check()?;
    let read_bytes = total.elements.saturating_mul(walk.longest.value_bytes);
    at_most("bytes of attributes to be read", read_bytes, MOST_READ_BYTES)?;
    at_most(STYLING, sheet.cost.saturating_mul(total.styled), MOST_STYLING)?;
    let tree_bytes = total.tree_bytes(walk.longest).saturating_add(drawing.surveying_bytes());
    Ok(Survey { tree_bytes })
}

/// The document, of which there are so many nodes and no more.
pub(super) fn parse(text: &[u8]) -> Result<Document<'_>, SvgError> {
    let broken = |reason: &dyn ToString| SvgError::Broken(reason.to_string());
    let text = std::str::from_utf8(text).map_err(|_| broken(&"it is not UTF-8"))?;
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => too_much("nodes of the document", MOST_NODES.into()),
        error => broken(&error),
    })
}

pub(super) fn too_much(what: &'static str, most: u64) -> SvgError {
    SvgError::TooMuch { what, most }
}

pub(super) fn at_most(what: &'static str, there: u64, most: u64) -> Result<(), SvgError> {
    if there <= most { Ok(()) } else { Err(too_much(what, most)) }
}

/// As written, without calling itself.
fn check_depth(document: &Document<'_>) -> Result<(), SvgError> {
    let mut depth = 0;
    let mut node = Some(document.root());
    while let Some(here) = node {
        node = here.first_child();
        if node.is_some() {
            depth += 1;
            at_most(DEPTH, depth, MOST_DEPTH.into())?;
            continue;
        }
        let mut last = Some(here);
        while let Some(left) = last {
            node = left.next_sibling();
            if node.is_some() {
                break;
            }
            last = left.parent();
            depth = depth.saturating_sub(1);
        }
    }
    Ok(())
}

const STYLING: &str = "elements times rules of style sheets";
const DEPTH: &str = "elements within each other";

/// Elements by their names; of several the first, as it is with `usvg`.
fn ids<'a>(document: &'a Document<'a>) -> HashMap<&'a str, Node<'a, 'a>> {
    let mut ids = HashMap::new();
    for node in document.descendants().filter(Node::is_element) {
        if let Some(id) = node.attribute("id") {
            ids.entry(id).or_insert(node);
        }
    }
    ids
}

/// What lies in an element and what it refers to, each as often as it is drawn.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    elements: u64,
    /// Of these, those that are drawn themselves and not by what fills them, for which others are made.
    drawn: u64,
    segments: u64,
    /// Bytes of attributes of their own.
    attributes: u64,
    /// Elements, and more of them where they are of many classes.
    styled: u64,
}

impl Total {
    /// With so many of another.
    fn add(&mut self, other: Self, times: u64) {
        let sum = |here: &mut u64, more: u64| *here = here.saturating_add(more.saturating_mul(times));
        sum(&mut self.elements, other.elements);
        sum(&mut self.segments, other.segments);
        sum(&mut self.attributes, other.attributes);
        sum(&mut self.styled, other.styled);
    }

    fn check(&self) -> Result<(), SvgError> {
        at_most("elements, each as often as it is drawn", self.elements, MOST_ELEMENTS)?;
        at_most("segments of paths, each as often as it is drawn", self.segments, MOST_SEGMENTS)?;
        at_most("bytes of attributes to be read", self.attributes, MOST_READ_BYTES)
    }

    /// As `tests/memory.rs` measures it.
    fn tree_bytes(&self, longest: Longest) -> u64 {
        const ELEMENT_BYTES: u64 = 1_100;
        const SEGMENT_BYTES: u64 = 48;
        // Of every path an outline is made, for its bounds, and left again.
        const OUTLINE_BYTES: u64 = 640;
        let each = ELEMENT_BYTES + 4 * longest.dashes_bytes;
        self.elements * each
            + self.segments * SEGMENT_BYTES
            + longest.segments * OUTLINE_BYTES
            + 2 * self.attributes
    }
}

/// The longest of their kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Longest {
    segments: u64,
    pub(super) value_bytes: u64,
    pub(super) dashes_bytes: u64,
}

impl Longest {
    /// Every element below may inherit it.
    pub(super) fn take(&mut self, name: &str, value: &str) {
        let bytes = value.len() as u64;
        self.value_bytes = self.value_bytes.max(bytes);
        if name == "stroke-dasharray" {
            self.dashes_bytes = self.dashes_bytes.max(bytes);
        }
    }
}

/// Where something stands that is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the element's own place, as of `use`.
    Here,
    /// For the element itself: masks, clips, and what a gradient or a pattern continues.
    Beside,
    /// For whatever is drawn below it.
    Below,
    /// At every corner of what is drawn below it.
    Corners,
}

impl Place {
    pub(super) fn of(property: &str) -> Option<Self> {
        match property {
            "fill" | "stroke" => Some(Self::Below),
            "marker" | "marker-start" | "marker-mid" | "marker-end" => Some(Self::Corners),
            "clip-path" | "mask" => Some(Self::Beside),
            _ => None,
        }
    }
}

struct Walk<'a> {
    ids: HashMap<&'a str, Node<'a, 'a>>,
    sheet: &'a Sheet<'a>,
    /// Elements that were counted; nothing for those that are being counted.
    done: HashMap<NodeId, Option<(Total, u32)>>,
    longest: Longest,
}

impl<'a> Walk<'a> {
    /// What an element comes to that lies so deep.
    fn total(&mut self, node: Node<'a, 'a>, depth: u32) -> Result<Total, SvgError> {
        Ok(self.measured(node, depth)?.0)
    }

    /// The same, and how deep it is itself.
    fn measured(&mut self, node: Node<'a, 'a>, depth: u32) -> Result<(Total, u32), SvgError> {
        at_most(DEPTH, depth.into(), MOST_DEPTH.into())?;
        match self.done.get(&node.id()) {
            Some(Some((total, height))) => {
                at_most(DEPTH, (depth + height).into(), MOST_DEPTH.into())?;
                return Ok((*total, *height));
            }
            Some(None) => return Err(SvgError::Broken("an element refers to itself".to_owned())),
            None => {}
        }
        self.done.insert(node.id(), None);
        let counted = self.count(node, depth)?;
        self.done.insert(node.id(), Some(counted));
        Ok(counted)
    }

    fn count(&mut self, node: Node<'a, 'a>, depth: u32) -> Result<(Total, u32), SvgError> {
        let name = node.tag_name().name();
        let undrawn = UNDRAWN.iter().find(|(element, _)| *element == name);
        if let Some((_, what)) = undrawn.filter(|(element, _)| *element != "text" || says_something(node)) {
            return Err(SvgError::NotDrawn(what));
        }
        let mut total = self.own(node);
        self.longest.segments = self.longest.segments.max(total.segments);
        let mut height = 0;
        for child in node.children().filter(Node::is_element) {
            let (inner, below) = self.measured(child, depth + 1)?;
            total.add(inner, 1);
            total.drawn = total.drawn.saturating_add(inner.drawn);
            height = height.max(below + 1);
        }
        let mut references = self.references(node)?;
        if draws_elsewhere(name) {
            // What is in it is drawn for others, and inherits from what it lies in all the same.
            for around in node.ancestors().skip(1).filter(Node::is_element) {
                let inherited = self.references(around)?.into_iter();
                references
                    .extend(inherited.filter(|(place, _)| matches!(place, Place::Below | Place::Corners)));
            }
        }
        // What stands here inherits what is said here, so it comes first.
        for is_here in [true, false] {
            for (place, target) in references.iter().filter(|(place, _)| (*place == Place::Here) == is_here) {
                let (other, below) = self.measured(*target, depth + 1)?;
                height = height.max(below + 1);
                match place {
                    Place::Here => {
                        total.add(other, 1);
                        total.drawn = total.drawn.saturating_add(other.drawn);
                    }
                    Place::Beside => total.add(other, 1),
                    Place::Below => total.add(other, total.drawn),
                    Place::Corners => total.add(other, total.drawn.saturating_add(total.segments)),
                }
            }
        }
        total.check()?;
        Ok((total, height))
    }

    /// What an element is by itself.
    fn own(&mut self, node: Node<'a, 'a>) -> Total {
        let mut bytes = 0;
        let mut classes = 0;
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            bytes += value.len() as u64;
            if name == "class" {
                classes = value.len() as u64 / 16;
            }
            if !LONG.contains(&name) && !name.starts_with("data-") && !name.starts_with("aria-") {
                self.longest.take(name, value);
            }
        }
        for declaration in DeclarationTokenizer::from(node.attribute("style").unwrap_or_default()) {
            self.longest.take(declaration.name, declaration.value);
        }
        // Rectangles and circles become paths, too.
        let segments = match node.tag_name().name() {
            "path" => node.attribute("d").map_or(0, path_segments),
            "polygon" | "polyline" => {
                node.attribute("points").map_or(0, |points| PointsParser::from(points).count() as u64)
            }
            "rect" | "circle" | "ellipse" | "line" => 12,
            _ => 0,
        };
        Total { elements: 1, drawn: 1, segments, attributes: bytes, styled: 1 + classes }
    }

    /// Everything that an element refers to, and where that stands.
    fn references(&mut self, node: Node<'a, 'a>) -> Result<Vec<(Place, Node<'a, 'a>)>, SvgError> {
        let mut found = Vec::new();
        for attribute in node.attributes() {
            if attribute.name() == "href" {
                let place = if node.tag_name().name() == "use" { Place::Here } else { Place::Beside };
                let target = attribute.value().trim().strip_prefix('#').and_then(|id| self.ids.get(id));
                found.extend(target.map(|target| (place, *target)));
            } else {
                self.referred(attribute.name(), attribute.value(), &mut found)?;
            }
        }
        for declaration in DeclarationTokenizer::from(node.attribute("style").unwrap_or_default()) {
            self.referred(declaration.name, declaration.value, &mut found)?;
        }
        let sheet = self.sheet;
        for rule in sheet.referring.iter().filter(|rule| rule.selector.matches(&Element(node))) {
            for declaration in &rule.declarations {
                self.referred(declaration.name, declaration.value, &mut found)?;
            }
        }
        self.longest.value_bytes = self.longest.value_bytes.max(sheet.longest.value_bytes);
        self.longest.dashes_bytes = self.longest.dashes_bytes.max(sheet.longest.dashes_bytes);
        Ok(found)
    }

    /// What a property refers to.
    fn referred(
        &self,
        property: &str,
        value: &str,
        found: &mut Vec<(Place, Node<'a, 'a>)>,
    ) -> Result<(), SvgError> {
        if property == "filter" && value.trim() != "none" {
            return Err(SvgError::NotDrawn(FILTERS));
        }
        // What is taken from elsewhere would be made anew for everyone who takes it.
        if value.contains("context-") && matches!(property, "fill" | "stroke") {
            return Err(SvgError::NotDrawn("context-fill and context-stroke: name what fills"));
        }
        let Some(place) = Place::of(property) else { return Ok(()) };
        if place == Place::Beside && value.trim() == "inherit" {
            return Err(SvgError::NotDrawn("masks and clips that are inherited: name them"));
        }
        let name = |text: &'_ str| text.split(')').next().unwrap_or_default().trim_matches(QUOTES).to_owned();
        for id in value.split('#').skip(1).map(name) {
            found.extend(self.ids.get(id.as_str()).map(|target| (place, *target)));
        }
        Ok(())
    }
}

/// Whether what lies in an element of this name is drawn where something refers to it.
fn draws_elsewhere(name: &str) -> bool {
    matches!(name, "pattern" | "mask" | "marker" | "clipPath")
}

const QUOTES: [char; 3] = ['"', '\'', ' '];

/// Whether there are letters in a text.
fn says_something(text: Node<'_, '_>) -> bool {
    text.descendants().any(|node| {
        let is_reference = node.is_element() && node.tag_name().name() == "tref";
        is_reference || node.text().is_some_and(|letters| !letters.trim().is_empty())
    })
}

/// An arc becomes curves.
fn path_segments(path: &str) -> u64 {
    let weigh =
        |segment: PathSegment| if matches!(segment, PathSegment::EllipticalArc { .. }) { 4 } else { 1 };
    PathParser::from(path).map_while(Result::ok).map(weigh).sum()
}
