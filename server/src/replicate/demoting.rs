//! What one frame demotes: held on to by its client, but no more kept exact.

use shared::ids::Slot;
use shared::schema::Section;
use shared::slot_set::SlotSet;

/// The slots that a frame demotes. Each is fresh, and none of its pieces are sent.
#[derive(Debug)]
pub struct Demoting {
    slots: SlotSet,
    sections: [bool; 4],
    count: usize,
}

impl Demoting {
    /// None, of a pool of `slots` slots.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        Self { slots: SlotSet::new(slots), sections: [false; 4], count: 0 }
    }

    /// Another frame: none.
    pub fn clear(&mut self) {
        if self.count > 0 {
            self.slots.clear();
            self.sections = [false; 4];
            self.count = 0;
        }
    }

    /// A slot of a section, fresh there, is demoted.
    pub fn insert(&mut self, slot: Slot, section: Section) {
        self.count += usize::from(self.slots.insert(slot));
        self.sections[section.index()] = true;
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Some of them, if there are any in a section; they may be of others, too.
    #[must_use]
    pub fn of(&self, section: Section) -> Option<&SlotSet> {
        self.sections[section.index()].then_some(&self.slots)
    }
}
