//! What a client's frame, and its whole tick, allocate in the steady state: nothing.

use allocation_counter::measure;
use client_sim::agreement::{Agreement, hello};
use server::arena_n::ArenaN;
use server::exchange::{ConnectionId, Incoming, Outgoing};
use server::replicate::replicator::ReplicateOptions;
use server::room::{Room, RoomEntropy, run_tick};
use server::sim::RoomOptions;
use shared::wire::client_message::ViewTick;
use shared::wire::{ClientMessage, Digest, Input, ServerMessage};
use std::sync::Arc;
use tests::workload::Workload;

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

/// A room with players who send an input per tick, and how many allocations each of its ticks took once it was warm.
fn allocations_per_tick(clients: u32) -> Vec<u64> {
    let movers = ENTITIES as u32 - clients;
    let settings = [("movers".to_owned(), movers.to_string())].into();
    let options = RoomOptions { slot_bits: 12, players_max: 1_000, settings, ..RoomOptions::default() };
    let entropy = RoomEntropy { seed: 1, incarnation: 2, slots: 3 };
    let mut room = Room::new(Arc::new(ArenaN), &options, entropy, None).expect("a sound game");
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
    for round in 0..120 {
        let (newest, tick) = (room.tick(), room.tick().next());
        let view = ViewTick { older: newest, ..ViewTick::default() };
        let input = Input { tick, newest, view, codes: vec![round % 360; schema.input.part_count()] };
        let bytes = ClientMessage::Input(input).to_bytes(&schema);
        out = Outgoing { messages: Vec::with_capacity(2 * clients as usize), ..Outgoing::default() };
        for connection in (0..clients).map(ConnectionId) {
            incoming.push(connection, &bytes, 8);
        }
        let allocated = measure(|| run_tick(&mut room, &mut incoming, tick, &mut out));
        assert_eq!((out.messages.len(), out.closes.len()), (clients as usize, 0));
        if round >= 90 {
            counts.push(allocated.count_total);
        }
    }
    counts
}

#[test]
fn a_room_allocates_as_often_in_a_tick_whether_it_has_few_clients_or_many() {
    let most = |clients| allocations_per_tick(clients).into_iter().max().unwrap_or(u64::MAX);
    let (few, many) = (most(10), most(200));
    // Lists that grow to their size take a step or two more.
    assert!(many <= few + 4, "{few} times with 10 clients, {many} times with 200");
}
