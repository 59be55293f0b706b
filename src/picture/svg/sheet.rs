//! The style sheets of a document: what looking through them takes, and which of their rules refer to something.

use roxmltree::{Document, Node};
use simplecss::{Rule, StyleSheet};

use super::SvgError;
use super::survey::{Longest, MOST_DEPTH, Place, at_most};

/// What may stand between the parts of a selector. They are looked for with backtracking.
const MOST_COMBINATORS: u32 = 2;

/// The style sheets of a document.
pub(super) struct Sheet<'a> {
    /// Rules with something that refers, or that is not drawn.
    pub(super) referring: Vec<Rule<'a>>,
    pub(super) longest: Longest,
    /// What looking through them takes for one element.
    pub(super) cost: u64,
}

impl<'a> Sheet<'a> {
    pub(super) fn of(document: &'a Document<'a>) -> Result<Self, SvgError> {
        let mut sheet = StyleSheet::new();
        for style in document.descendants().filter(|node| node.has_tag_name("style")) {
            sheet.parse_more(style.text().unwrap_or_default());
        }
        let mut longest = Longest::default();
        let mut cost = 0_u64;
        for rule in &sheet.rules {
            let combinators = combinators(&rule.selector.to_string())?;
            cost = cost.saturating_add(u64::from(MOST_DEPTH).pow(combinators));
            cost = cost.saturating_add(rule.declarations.len() as u64);
            rule.declarations.iter().for_each(|one| longest.take(one.name, one.value));
        }
        let mut referring = sheet.rules;
        let refers = |value: &str| ["#", "inherit", "context-"].iter().any(|sign| value.contains(sign));
        referring.retain(|rule| {
            let mut declarations = rule.declarations.iter();
            declarations
                .any(|one| one.name == "filter" || (Place::of(one.name).is_some() && refers(one.value)))
        });
        Ok(Self { referring, longest, cost })
    }
}

/// How many steps a selector takes, of those that are bounded.
fn combinators(selector: &str) -> Result<u32, SvgError> {
    let brackets = selector.matches('[').count();
    let plain = selector.matches("[class~='").count() + selector.matches("[id='").count();
    if brackets != plain || selector.contains("lang(") {
        return Err(SvgError::NotDrawn("what style sheets choose by other attributes than class and id"));
    }
    // Each is a step; names have no spaces in them.
    let steps = selector.split(' ').filter(|part| !matches!(*part, ">" | "+")).count().saturating_sub(1);
    at_most("steps of a selector of a style sheet", steps as u64, MOST_COMBINATORS.into())?;
    Ok(u32::try_from(steps).unwrap_or(MOST_COMBINATORS))
}

/// As `usvg` sees elements.
pub(super) struct Element<'a>(pub(super) Node<'a, 'a>);

impl simplecss::Element for Element<'_> {
    fn parent_element(&self) -> Option<Self> {
        self.0.parent_element().map(Element)
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.0.prev_sibling_element().map(Element)
    }

    fn has_local_name(&self, name: &str) -> bool {
        self.0.tag_name().name() == name
    }

    fn attribute_matches(&self, name: &str, operator: simplecss::AttributeOperator<'_>) -> bool {
        self.0.attribute(name).is_some_and(|value| operator.matches(value))
    }

    fn pseudo_class_matches(&self, class: simplecss::PseudoClass<'_>) -> bool {
        matches!(class, simplecss::PseudoClass::FirstChild) && self.prev_sibling_element().is_none()
    }
}
