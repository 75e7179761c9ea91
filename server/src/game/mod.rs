//! ← yours. Arena: a top-down shooter. Run, dash, shoot, take what lies about, die, begin again; round after round.
//!
//! ```text
//!   Move     motion::drive        each living body takes its step (shared::game::movement)
//!   Collide  projectiles::fly     each projectile flies until a wall or a player; rockets burst
//!            rifle::fire          who shot with a rifle hits what it saw in its line
//!            pickups::take        who is near takes what lies there
//!   Rules    combat::hurt         who was hit loses health, who has none dies
//!            life::give_up        who asks to, dies
//!            chat::speak          who asks to, is heard
//!            round::advance       warm-up, play, result, next map
//!            pickups::restock     what was taken is there again
//!   Spawn    round::set_up        where something begins anew, the field is cleared
//!            life::respawn        who waited long enough begins again
//!            projectiles::launch  who pulled the trigger gets a projectile
//!   Despawn  projectiles::burn_out   what hit or flew long enough goes
//!   Settle   motion::show         what others see follows from the bodies
//!            stealth::hide        who stands in undergrowth (only where there is any)
//! ```
//!
//! Never here: what client and server both compute (see `shared::game`).

// What an operator may set.
pub mod options;

// Which map is under our feet.
pub mod ground;

// Running and looking.
pub mod motion;

// What flies.
pub mod projectiles;

// What a rifle hits.
pub mod rifle;

// What lies about.
pub mod pickups;

// What an impact comes to.
pub mod combat;

// Beginning, ending, beginning again.
pub mod life;

// Who is on whose side.
pub mod teams;

// Warm-up, play, result.
pub mod round;

// Hiding.
pub mod stealth;

// Names as others read them.
pub mod names;

// What players say.
pub mod chat;

use crate::game_api::Game;
use crate::sim::{EntityIds, Players, RoomGame, RoomOptions, RoomRefused, Stage, Stages, Team};
use bevy_ecs::prelude::*;
use shared::game::components::{Aim, Body, Health, Nameplate, Position, Projectile, Score};
use shared::game::constants::{HP_MAX, REWIND_MS_MAX, Tuning};
use shared::game::input::ArenaInput;
use shared::game::maps::Maps;
use shared::game::pickup::Pickup;
use shared::game::round::{Match, Side};
use shared::game::weapon::Weapon;
use shared::game::{PLAYER, schema};
use shared::ids::{EntityId, PlayerId};
use shared::schema::{Schema, Text};
use std::sync::Arc;

/// The built-in game. Its settings: see [`options`].
#[derive(Clone, Debug, Default)]
pub struct Arena {
    /// What can be played on.
    pub maps: Maps,
}

/// Code tables trained on 24 fighting bots in two rooms for 25 s (`--train-tables`, see the README): for this schema only.
pub const TABLES: &[u8] = include_bytes!("../../../assets/tables/arena.tables");

/// The same on these maps, a file's name and its bytes each, in place of those in the box.
///
/// # Errors
/// What a map's author must change.
pub fn on_maps(files: Vec<(String, Vec<u8>)>) -> Result<Arc<dyn RoomGame>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Arc::new(Arena { maps: Maps::of(files)? }))
}

/// How it feels at this room's tick rate.
#[derive(Resource)]
pub struct Feel(pub Tuning);

impl Game for Arena {
    type Input = ArenaInput;

    fn schema(&self) -> Schema {
        schema()
    }

    fn install(&self, world: &mut World, stages: &mut Stages, options: &RoomOptions) -> Result<(), RoomRefused> {
        let options::Chosen { maps, rules } = options::choose(options, &self.maps)?;
        for (file, bytes) in maps.iter().filter_map(|&place| self.maps.file(place)) {
            stages.map(file, bytes);
        }
        let rotation = maps.into_iter().map(|place| self.maps.read(place)).collect::<Result<Vec<_>, _>>();
        let rotation = rotation.map_err(|error| RoomRefused::Map(Box::new(error)))?;
        let rotation = ground::Rotation(rotation);
        let has_stealth = rotation.has_stealth();
        world.insert_resource(rotation);
        world.insert_resource(Feel(Tuning::at(options.tick_rate_hz)));
        world.insert_resource(rules);
        world.init_resource::<ground::Current>();
        world.init_resource::<round::Anew>();
        world.init_resource::<combat::Impacts>();
        register(stages);
        hang(stages);
        if has_stealth {
            stages.add(Stage::Settle, stealth::hide).sight_of(stealth::may_hide, stealth::sees);
        }
        round::spawn_match(world);
        lay_out_pickups(world);
        Ok(())
    }

    /// A rifle hits where its player saw the target; a trigger that is held asks in every tick.
    fn looks_back(&self, input: &ArenaInput) -> bool {
        input.fire && input.weapon == Weapon::Rifle
    }

    fn on_join(&self, world: &mut World, player: PlayerId) -> EntityId {
        let faction = teams::side_of_newcomer(world, world.resource::<options::Rules>().mode);
        let at = life::place_in(world, faction);
        let name = name_of(world, player);
        let has_stealth = world.resource::<ground::Rotation>().has_stealth();
        let networked = world.resource_mut::<EntityIds>().spawn(PLAYER);
        let mut newcomer = world.spawn((
            networked,
            Position { at },
            Aim::default(),
            Health { hp: HP_MAX },
            Score::default(),
            Nameplate { name },
            Side { faction },
            Body::begin(at),
            life::Waiting::default(),
            motion::Fired::default(),
            chat::Voice::default(),
        ));
        if let Some(team) = faction.team() {
            newcomer.insert(Team(team));
        }
        if has_stealth {
            newcomer.insert((stealth::Hidden::default(), stealth::Alarmed::default()));
        }
        networked.id
    }

    /// What a player shot before it left flies on; its body goes with it.
    fn on_leave(&self, _: &mut World, _: PlayerId) {}
}

/// Everything that the rules read.
fn register(stages: &mut Stages) {
    stages
        .replicated::<Position>()
        .replicated::<Aim>()
        .replicated::<Health>()
        .replicated::<Score>()
        .replicated::<Nameplate>()
        .replicated::<Body>()
        .replicated::<Projectile>()
        .replicated::<Side>()
        .replicated::<Pickup>()
        .replicated::<Match>()
        .component::<life::Waiting>()
        .component::<motion::Fired>()
        .component::<projectiles::Fuse>()
        .component::<pickups::Restock>()
        .component::<stealth::Hidden>()
        .component::<stealth::Alarmed>()
        .component::<chat::Voice>()
        .resource::<combat::Impacts>()
        .resource::<ground::Current>()
        .resource::<round::Anew>()
        .constant::<ground::Rotation>()
        .constant::<options::Rules>()
        .constant::<Feel>()
        .remembered::<Position>(PLAYER, REWIND_MS_MAX)
        .remembered::<Health>(PLAYER, REWIND_MS_MAX);
}

/// The rules, in the order of the picture above.
fn hang(stages: &mut Stages) {
    stages
        .add(Stage::Move, motion::drive)
        .add(Stage::Collide, (projectiles::fly, rifle::fire, pickups::take).chain())
        .add(Stage::Rules, (combat::hurt, life::give_up, chat::speak, round::advance, pickups::restock).chain())
        .add(Stage::Spawn, (round::set_up, life::respawn, projectiles::launch).chain())
        .add(Stage::Despawn, projectiles::burn_out)
        .add(Stage::Settle, motion::show);
}

fn lay_out_pickups(world: &mut World) {
    let lying: Vec<_> = world
        .resource_scope(|world, mut ids: Mut<EntityIds>| pickups::lay_out(ground::map_of(world), &mut ids).collect());
    for pickup in lying {
        world.spawn(pickup);
    }
}

/// The name that others are to read.
fn name_of(world: &mut World, player: PlayerId) -> Text<16> {
    let wished = world.resource::<Players>().name(player);
    let mut plates = world.query::<&Nameplate>();
    let taken: Vec<Text<16>> = plates.iter(world).map(|plate| plate.name).collect();
    names::choose(wished.as_str(), taken.iter().map(Text::as_str))
}

#[cfg(test)]
mod tests;
