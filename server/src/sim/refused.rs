//! Why a room cannot be made, and whose fault that is: the author's of the game, or the operator's.
//!
//! All of it is found before the first tick; a room that was made is never refused afterwards.

use shared::schema::SchemaError;

/// Why a room cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RoomRefused {
    /// The author's: the simulation reads something that is neither hashed nor saved.
    #[error(
        "{name} is in the World, but not registered: call stages.replicated, .component, .resource or .constant in install"
    )]
    UnregisteredComponent {
        /// Which component or resource, as well as we know it.
        name: String,
    },
    /// The author's: a component is registered as replicated but not declared in the schema, or the other way round.
    #[error("{name} must be both declared in the schema and registered with stages.replicated")]
    NotDeclared {
        /// The component.
        name: String,
    },
    /// The author's: an entity without a number. Everything that the simulation reads hangs on a `Networked` entity.
    #[error("an entity with {name} has no number: spawn it with EntityIds::spawn, or keep the state in a resource")]
    Unnumbered {
        /// One of its components.
        name: String,
    },
    /// The author's: two systems of one stage touch the same thing in no given order, or the order is impossible.
    #[error("the order of systems is not clear, chain them: {reason}")]
    AmbiguousSystems {
        /// What bevy's schedule says.
        reason: String,
    },
    /// The author's: more than one rule says who sees whom.
    #[error("stages.sight was called {count} times: a game has one such rule at most, which asks all others")]
    ManySights {
        /// How often.
        count: usize,
    },
    /// The author's: the rule would never be asked.
    #[error("stages.sight has a rule, but no kind of entity has a position: mark a vector field `position`")]
    NothingToSee,
    /// The author's: the schema cannot be carried.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The operator's: the game has no such setting.
    #[error("the game has no setting {key:?}; it knows {known}")]
    UnknownSetting {
        /// What was asked for.
        key: String,
        /// What there is.
        known: &'static str,
    },
    /// The operator's: a setting has a value that the game cannot use.
    #[error("{key} = {value:?}: the game allows {allowed}")]
    BadSetting {
        /// The setting.
        key: String,
        /// Its value.
        value: String,
        /// What there is.
        allowed: String,
    },
    /// The author's: the map cannot be played on.
    #[error(transparent)]
    Map(Box<dyn std::error::Error + Send + Sync>),
}
