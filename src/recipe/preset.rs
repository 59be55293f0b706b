//! Named recipes of the configuration.

use std::collections::BTreeMap;

use super::error::RecipeError;
use super::value::{Name, Value};
use super::{Recipe, options};

/// The presets of a deployment, each checked when it was read.
#[derive(Debug, Clone, Default)]
pub struct Presets(BTreeMap<String, Recipe>);

/// A preset that the configuration should not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// The name is not one that a URL could ask for.
    #[error("'{name}' is no name for a preset: use a-z, 0-9, - and _, at most 64 of them")]
    Name {
        /// The name as it stood.
        name: String,
    },
    /// Its options do not parse.
    #[error("preset '{name}': {error}")]
    Recipe {
        /// The preset's name.
        name: String,
        /// What is wrong with it.
        error: RecipeError,
    },
    /// A preset that asks for a preset.
    #[error("preset '{name}' asks for another preset")]
    Nested {
        /// The preset's name.
        name: String,
    },
}

impl Presets {
    /// Reads names and their options, as `width=200,height=200,fit=cover`.
    pub fn parse<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, PresetError> {
        let mut presets = BTreeMap::new();
        for (name, options) in pairs {
            let name = Name::parse(name).ok_or_else(|| PresetError::Name { name: name.to_owned() })?.0;
            let recipe =
                Recipe::parse(options).map_err(|error| PresetError::Recipe { name: name.clone(), error })?;
            if recipe.preset.is_some() {
                return Err(PresetError::Nested { name });
            }
            presets.insert(name, recipe);
        }
        Ok(Self(presets))
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The recipe with a preset forced upon it: its options win over those that were written, and its marks and texts are
    /// drawn after all others, also after those of a preset that was forced before.
    pub fn force(&self, name: &str, recipe: Recipe) -> Result<Recipe, RecipeError> {
        let preset = self.get(name)?;
        let (below, above): (BTreeMap<_, _>, BTreeMap<_, _>) =
            recipe.layers.into_iter().partition(|(slot, _)| !slot.is_above());
        let storey = above.keys().next_back().map_or(1, |slot| slot.storey() + 1);
        let mut forced = Recipe { layers: BTreeMap::new(), ..preset.clone() };
        add(&mut forced, &Recipe { layers: below, ..recipe })?;
        forced.check()?;
        forced.layers.extend(above);
        forced.layers.extend(preset.layers.iter().map(|(slot, layer)| (slot.lifted(storey), layer.clone())));
        Ok(forced)
    }

    /// Those of these names; names that there are not are passed over.
    pub fn named<'a>(&'a self, names: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = &'a Recipe> {
        names.into_iter().filter_map(|name| self.0.get(name))
    }

    /// All of them.
    pub fn recipes(&self) -> impl Iterator<Item = &Recipe> {
        self.0.values()
    }

    fn get(&self, name: &str) -> Result<&Recipe, RecipeError> {
        self.0.get(name).ok_or_else(|| RecipeError::UnknownPreset { name: name.to_owned() })
    }

    /// The recipe with its preset written out; options beside the preset override it.
    pub fn expand(&self, recipe: Recipe) -> Result<Recipe, RecipeError> {
        let Some(Name(name)) = &recipe.preset else { return Ok(recipe) };
        let preset = self.get(name)?;
        let mut expanded = Recipe { preset: None, ..recipe };
        add(&mut expanded, preset)?;
        expanded.check()?;
        Ok(expanded)
    }
}

/// Adds the options of another recipe. What is already there wins.
fn add(recipe: &mut Recipe, other: &Recipe) -> Result<(), RecipeError> {
    for (name, value) in options::print(other) {
        match options::set(recipe, &name, &value) {
            Ok(()) | Err(RecipeError::Repeated { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_beside_a_preset_override_it() {
        let presets = Presets::parse([("thumb", "width=200,height=200,fit=cover")]).unwrap();
        let expanded = presets.expand(Recipe::parse("preset=thumb,w=100").unwrap()).unwrap();
        assert_eq!(expanded.print(), "width=100,height=200,fit=cover");
    }

    #[test]
    fn what_is_forced_wins_and_lies_above() {
        let presets =
            Presets::parse([("a", "width=5,mark=a,text=t"), ("b", "width=6,mark=b,mark2=c")]).unwrap();
        let typed = Recipe::parse("width=1,height=2,mark8=x").unwrap();
        let once = presets.force("a", typed).unwrap();
        assert_eq!(once.print(), "width=5,height=2,mark8=x,mark9=a,text9=t");
        let twice = presets.force("b", once).unwrap();
        assert_eq!(twice.print(), "width=6,height=2,mark8=x,mark9=a,text9=t,mark17=b,mark18=c");
    }

    #[test]
    fn refuses_broken_presets_when_they_are_read() {
        let refused = |name, options| Presets::parse([(name, options)]).is_err();
        assert!(refused("Big Name", "width=1"));
        assert!(refused("thumb", "width=0"));
        assert!(refused("thumb", "preset=other"));
    }

    #[test]
    fn names_the_preset_that_is_missing() {
        let error = Presets::default().expand(Recipe::parse("preset=hero").unwrap());
        assert_eq!(error, Err(RecipeError::UnknownPreset { name: "hero".to_owned() }));
    }
}
