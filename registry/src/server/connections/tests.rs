//! Which connections are cut and which make room, on a clock that the test advances.

use super::*;

const SECOND: u64 = 1000;

fn limits() -> Limits {
    Limits {
        connections: 4,
        per_address: 2,
        ..Limits::default()
    }
}

fn from(address: &str) -> Option<IpAddr> {
    Some(address.parse().unwrap())
}

/// Whether the connection times out after `seconds` with a `step` each second.
#[track_caller]
fn check(phase: Phase, seconds: u64, step: impl Fn(&mut State, u64), expected: bool) {
    let mut state = State::new(0);
    state.enter(phase, 0);
    for second in 1..=seconds {
        assert!(!state.is_over(&limits(), second * SECOND), "{second} s");
        step(&mut state, second * SECOND);
    }
    let then = seconds * SECOND + 1;
    assert_eq!(state.is_over(&limits(), then), expected, "{phase:?}");
}

#[test]
fn a_header_has_a_few_seconds_however_it_comes() {
    check(Phase::Head, 10, |_, _| (), true);
    check(Phase::Head, 10, |state, now| state.read(1, now), true);
    check(Phase::Head, 9, |state, now| state.read(1, now), false);
}

#[test]
fn a_client_between_two_requests_has_longer_until_it_begins_one() {
    check(Phase::Rest, 60, |_, _| (), true);
    let mut state = State::new(0);
    state.enter(Phase::Rest, 0);
    state.read(1, 50 * SECOND);
    assert!(!state.is_over(&limits(), 60 * SECOND));
    assert!(state.is_over(&limits(), 61 * SECOND));
}

#[test]
fn the_rest_of_an_answer_may_be_slow() {
    check(Phase::Rest, 600, |state, now| state.wrote(100, now), false);
}

#[test]
fn a_stalled_stream_ends_and_a_slow_one_continues() {
    check(Phase::Stream, 30, |_, _| (), true);
    check(Phase::Stream, 30, |state, now| state.read(0, now), true);
    let kilobyte = |state: &mut State, now| state.read(1024, now);
    check(Phase::Stream, 3600, kilobyte, false);
    let now_and_then = |state: &mut State, now| {
        if now % (25 * SECOND) == 0 {
            state.wrote(10_000, now);
        }
    };
    check(Phase::Stream, 3600, now_and_then, false);
    // One that only pretends to make progress.
    check(Phase::Stream, 300, |state, now| state.read(1, now), true);
}

#[test]
fn our_own_turns_do_not_count() {
    check(Phase::Work, 3600, |_, _| (), false);
    let mut state = State::new(0);
    state.enter(Phase::Work, 0);
    state.enter(Phase::Stream, 1000 * SECOND);
    assert_eq!(state.waits_since(), Some(1000 * SECOND));
    state.read(1, 1020 * SECOND);
    state.enter(Phase::Work, 1020 * SECOND);
    state.enter(Phase::Stream, 2020 * SECOND);
    assert_eq!(state.waits_since(), Some(2000 * SECOND));
    assert!(!state.is_over(&limits(), 2050 * SECOND));
    assert!(state.is_over(&limits(), 2051 * SECOND));
}

#[test]
fn the_connection_that_waited_longest_makes_room() {
    let all = Connections::new(limits());
    let seats: Vec<Seat> = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]
        .into_iter()
        .map(|address| {
            all.clock.advance(Duration::from_secs(1));
            all.admit(from(address)).unwrap()
        })
        .collect();
    // The first waits for us; the second has just sent much, the third only a little.
    let [first, second, third, fourth] = &seats[..] else {
        unreachable!()
    };
    first.connection.working();
    for seat in [second, third] {
        seat.connection.working();
        seat.connection.streaming();
    }
    all.clock.advance(Duration::from_secs(1));
    second.connection.read(1 << 20);
    third.connection.read(1);
    let fifth = all.admit(from("10.0.0.5")).unwrap();
    let is_cut = |seat: &Seat| seat.connection.is_cut();
    assert!(is_cut(third) || is_cut(fourth), "{seats:?}");
    assert!(!is_cut(first) && !is_cut(second) && !is_cut(&fifth));
    assert_eq!(all.lock().known.len(), 4);
    drop(seats);
    assert_eq!(all.lock().known.len(), 1);
}

#[test]
fn a_new_connection_replaces_one_of_the_same_address() {
    let all = Connections::new(limits());
    let other = all.admit(from("10.0.0.2")).unwrap();
    let first = all.admit(from("::ffff:10.0.0.1")).unwrap();
    let second = all.admit(from("10.0.0.1")).unwrap();
    let third = all.admit(from("10.0.0.1")).unwrap();
    let is_cut = |seat: &Seat| seat.connection.is_cut();
    assert!(is_cut(&first) && !is_cut(&second) && !is_cut(&other));
    second.connection.working();
    third.connection.working();
    assert!(all.admit(from("10.0.0.1")).is_none());
    assert!(all.admit(from("10.0.0.3")).is_some());
    // A Unix socket has no address.
    assert!(all.admit(None).is_some());
}

#[test]
fn a_network_of_ipv6_counts_as_one() {
    let check = |one: &str, other: &str, expected: bool| {
        let [one, other] = [one, other].map(|text| network(text.parse().unwrap()));
        assert_eq!(one == other, expected, "{one} {other}");
    };
    check("2001:db8::1", "2001:db8::ffff:1", true);
    check("2001:db8::1", "2001:db8:0:1::1", false);
    check("127.0.0.1", "127.0.0.2", false);
    check("127.0.0.1", "::ffff:127.0.0.1", true);
}

#[test]
fn connections_fit_into_the_descriptors() {
    let check = |descriptors, connections, per_address| {
        let limits = Limits::within(descriptors);
        assert_eq!(limits.connections, connections, "{descriptors}");
        assert_eq!(limits.per_address, per_address, "{descriptors}");
    };
    check(1024, 400, 200);
    check(u64::MAX, 400, 200);
    check(256, 96, 48);
    check(0, 8, 4);
}
