//! What a client's frame, and its whole tick, allocate in the steady state: nothing.

use allocation_counter::measure;
use client_sim::agreement::{Agreement, hello};
use client_sim::behaviour::neutral_codes;
use server::arena_n::ArenaN;
use server::exchange::{ConnectionId, Incoming, Outgoing};
use server::replicate::replicator::ReplicateOptions;
use server::room::{Room, RoomEntropy, run_tick, settle_tick, step_tick};
use server::sim::{RoomGame, RoomOptions};
use shared::wire::client_message::ViewTick;
use shared::wire::{ClientMessage, Digest, Input, ServerMessage};
use std::sync::Arc;
use tests::workload::Workload;
use tests::zoo::Zoo;

/// Entities, every one of which moves, turns or is hurt now and then: there are changes in every tick.
const ENTITIES: usize = 300;

#[test]
fn a_client_that_sees_what_is_near_costs_no_allocation_once_lanes_are_warm() {
    let clients = 100;
    let mut workload = Workload::seen_as_far_as(80, 2_000, clients);
    let seen: usize = (0..clients).map(|client| workload.seen_by(client)).sum();
    assert!((30..50).contains(&(seen / clients)), "{} each", seen / clients);
    // Records of whoever enters a view are written into a buffer that grows to what the busiest tick needs.
    let mut late = 0;
    for tick in 0..150 {
        workload.step();
        workload.pack();
        let mut bytes = 0;
        let allocated = measure(|| {
            for client in 0..clients {
                bytes += workload.frame(client).len();
            }
        });
        assert!(bytes > 10 * clients, "{bytes} bytes for {clients} clients: nothing happens");
        late += if tick < 50 { 0 } else { allocated.count_total };
        assert!(allocated.count_total <= 4, "{} allocations in tick {tick}", allocated.count_total);
    }
    assert!(late <= 4, "{late} allocations in a hundred ticks");
}

#[test]
fn a_client_that_holds_everything_costs_no_allocation_in_any_tick() {
    for clients in [1, 20, 200] {
        let mut workload = Workload::new(ENTITIES, clients);
        for tick in 0..100 {
            workload.step();
            workload.pack();
            let mut bytes = 0;
            let allocated = measure(|| {
                for client in 0..clients {
                    bytes += workload.frame(client).len();
                }
            });
            assert!(bytes > 40 * clients, "{bytes} bytes for {clients} clients: nothing happens");
            assert_eq!(allocated.count_total, 0, "allocations in tick {tick} with {clients} clients");
        }
    }
}

#[test]
fn who_is_skipped_costs_no_allocation_in_any_tick_however_long_it_takes() {
    let mut workload = Workload::new(ENTITIES, 3);
    for tick in 0..300 {
        workload.step();
        workload.pack();
        let allocated = measure(|| workload.skip(1));
        assert_eq!(allocated.count_total, 0, "allocations in tick {tick}");
        workload.frame(0);
    }
}

#[test]
fn who_may_have_little_takes_its_memory_once() {
    let options = ReplicateOptions { bytes_per_tick: 100, ..ReplicateOptions::default() };
    let mut workload = Workload::with_replication(ENTITIES, 3, options);
    for tick in 0..200 {
        workload.step();
        workload.pack();
        let allocated = measure(|| {
            for client in 0..3 {
                assert!(workload.frame(client).len() < 200);
            }
        });
        assert!(tick < 100 || allocated.count_total == 0, "{} allocations in tick {tick}", allocated.count_total);
    }
}

/// What is played, and by how many.
struct Played {
    game: Arc<dyn RoomGame>,
    settings: Vec<(&'static str, String)>,
    clients: u32,
    /// Fills in the codes of a client's input for a round; they are neutral before.
    input: fn(u32, i32, &mut [i32]),
}

impl Played {
    /// Everybody moves.
    fn arena_n(clients: u32) -> Self {
        let settings = vec![("movers", (ENTITIES as u32 - clients).to_string())];
        let input = |_, round, codes: &mut [i32]| codes.fill(round % 360);
        Self { game: Arc::new(ArenaN), settings, clients, input }
    }

    /// Nobody does anything.
    fn idle(clients: u32) -> Self {
        Self { game: Arc::new(Zoo::NOTHING), settings: Vec::new(), clients, input: |_, _, _| {} }
    }

    /// In every round one player calls, and everybody is told.
    fn calling(clients: u32) -> Self {
        let input = |client, round: i32, codes: &mut [i32]| {
            let call = codes.len() - 2;
            codes[call] = i32::from(client == round.unsigned_abs() % 10);
        };
        Self { input, ..Self::idle(clients) }
    }
}

/// How many allocations each tick of a room took once it was warm, and how many bytes each client got in those ticks.
fn allocations_per_tick(played: Played) -> (Vec<u64>, usize) {
    let Played { game, settings, clients, input } = played;
    let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let options = RoomOptions { slot_bits: 12, players_max: 1_000, settings, ..RoomOptions::default() };
    let entropy = RoomEntropy { seed: 1, incarnation: 2, slots: 3 };
    let mut room = Room::new(game, &options, entropy, None).expect("a sound game");
    let (mut incoming, mut out) = (Incoming::default(), Outgoing::default());
    let greeting = ClientMessage::Hello(Box::new(hello("ann", Digest::Folded, None)));
    let schema = room.replicator().schema().clone();
    for connection in (0..clients).map(ConnectionId) {
        room.attach(connection);
        incoming.push(connection, &greeting.to_bytes(&schema), 0);
    }
    let tick = room.tick().next();
    run_tick(&mut room, &mut incoming, tick, &mut out);
    let welcomed = out.messages.iter().filter(|(_, bytes)| {
        let Ok(ServerMessage::Welcome(welcome)) = ServerMessage::read(bytes) else { return false };
        Agreement::new(*welcome, false, None).is_ok()
    });
    assert_eq!(welcomed.count(), clients as usize);
    let mut counts = Vec::new();
    let mut bytes = 0;
    for round in 0..120 {
        let (newest, tick) = (room.tick(), room.tick().next());
        let view = ViewTick { older: newest, ..ViewTick::default() };
        out = Outgoing::default();
        for connection in 0..clients {
            let mut codes = neutral_codes(&schema.input);
            input(connection, round, &mut codes);
            let bytes = ClientMessage::Input(Input { tick, newest, view, codes }).to_bytes(&schema);
            incoming.push(ConnectionId(connection), &bytes, 8);
        }
        let (mut frames, mut sent) = (0, 0);
        // As a worker does it: each frame is sent before the next is made.
        let allocated = measure(|| {
            step_tick(&mut room, &mut incoming, tick, &mut out);
            for mut share in room.shares(1) {
                let send = |_, _, frame: Option<&[u8]>| {
                    frames += u32::from(frame.is_some());
                    sent += frame.map_or(0, <[u8]>::len);
                };
                share.publish(send, &mut out.closes);
            }
            settle_tick(&mut room, tick, &mut out);
        });
        assert_eq!((frames, out.messages.len(), out.closes.len()), (clients, 0, 0));
        if round >= 90 {
            counts.push(allocated.count_total);
            bytes += sent;
        }
    }
    (counts, bytes / clients as usize)
}

#[test]
fn a_room_allocates_as_often_in_a_tick_whether_it_has_few_clients_or_many() {
    let most = |clients| allocations_per_tick(Played::arena_n(clients)).0.into_iter().max().unwrap_or(u64::MAX);
    let (few, many) = (most(10), most(200));
    // Lists that grow to their size take a step or two more.
    assert!(many <= few + 4, "{few} times with 10 clients, {many} times with 200");
}

#[test]
fn what_two_hundred_are_told_costs_a_few_allocations_and_not_one_for_each() {
    let [(quiet, silent), (telling, told)] = [Played::idle(200), Played::calling(200)].map(allocations_per_tick);
    // A note takes at least its kind and its number.
    assert!(told >= silent + 30 * 3, "{told} bytes for each, {silent} where nobody calls");
    let [quiet, telling] = [quiet, telling].map(|counts| counts.into_iter().max().unwrap_or(u64::MAX));
    assert!(telling <= quiet + 6, "{quiet} times where nobody calls, {telling} times where one does");
}
