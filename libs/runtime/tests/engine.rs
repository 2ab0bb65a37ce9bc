//! The engine on a log in memory: what it appends, when, and what it makes of lost answers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gantry_bus::{Append, AppendOutcome, ControlKey, Ledger, Marker, MemoryLog};
use gantry_decider::{Core, Deadline, Draft, Entry, Next, PlacedCommand, Said};
use gantry_events::{
    Actor, Command, CommandBatch, Commit, CreatePool, Decider, Digest, Fact, Intent, LogId,
    LogSubject, MachineStarted, Millis, OperationId, OperationUnchanged, Place, Scope, Seq, Time,
    Writer,
};
use gantry_runtime::{Engine, Input, Output};
use uuid::Uuid;

/// Counts commands and machines: enough of a core to see the engine at work.
#[derive(Clone, Debug, Default)]
struct Tally;

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Counted {
    commands: u32,
    answers: u32,
    machines: u32,
}

impl Core for Tally {
    type State = Counted;
    type Observed = u32;
    type Reading = u32;
    type Wanted = u32;

    fn writer(&self) -> Writer {
        Writer::Provisioner
    }

    fn version(&self) -> &'static str {
        "tally/1"
    }

    fn decider(&self) -> Option<Decider> {
        Some(Decider::Provisioner)
    }

    fn evolve(&self, state: &mut Counted, entry: &Entry<'_>) {
        match entry.said {
            Said::Command(_) => state.commands += 1,
            Said::Fact(Fact::OperationUnchanged(_)) => state.answers += 1,
            Said::Fact(_) => state.machines += 1,
        }
    }

    fn decide(&self, _: &Counted, command: &PlacedCommand, _: Time) -> Draft {
        let operation = command.command.operation;
        Draft::of(OperationUnchanged {
            operation,
            scope: Scope::Cluster,
        })
    }

    fn observe(&self, observed: &mut u32, reading: u32, _: Time) {
        *observed = reading;
    }

    fn next(&self, state: &Counted, observed: &u32, now: Time) -> Next {
        if state.machines < *observed {
            return Next::say(Draft::of(MachineStarted {
                machine: "m1".parse().unwrap(),
            }));
        }
        Next::rest([now + Millis(1000)])
    }

    fn wanted(&self, state: &Counted, _: &u32, _: Time) -> u32 {
        state.machines
    }

    fn deadlines(&self, _: &Counted) -> Vec<Deadline> {
        Vec::new()
    }
}

fn log_id() -> LogId {
    LogId(Uuid::from_u128(7))
}

fn key() -> ControlKey {
    ControlKey::new([7; 32])
}

fn at(millis: i64) -> Time {
    Time::from_unix_millis(millis)
}

fn engine() -> Engine<Tally> {
    Engine::new(
        Tally,
        Ledger::of_control_plane(log_id(), key()),
        Marker::Control(key()),
    )
}

/// Lets the engine read everything the log holds.
fn catch_up(engine: &mut Engine<Tally>, log: &MemoryLog, now: Time) -> Vec<Output> {
    let mut outputs = Vec::new();
    while let Some(stored) = log.get(engine.folded().next()) {
        outputs.extend(engine.step(Input::Stored(stored), now));
    }
    outputs
}

fn appends(outputs: &[Output]) -> Vec<Append> {
    let append = |output: &Output| match output {
        Output::Append(append) => Some(append.clone()),
        Output::WakeAt(_)
        | Output::FollowFrom(_)
        | Output::Void { .. }
        | Output::Fault(_)
        | Output::Folded(_) => None,
    };
    outputs.iter().filter_map(append).collect()
}

fn live_engine(log: &MemoryLog) -> (Engine<Tally>, Vec<Output>) {
    let mut engine = engine();
    catch_up(&mut engine, log, at(0));
    let outputs = engine.step(Input::Live, at(0));
    (engine, outputs)
}

/// Writes a batch of commands as the api does.
fn command(log: &MemoryLog, prev: Option<Digest>, expects: Seq, names: &[&str]) -> Digest {
    let commands = names
        .iter()
        .map(|name| Command {
            operation: OperationId::of_key("user:mia", name),
            actor: Actor::User("mia".to_owned()),
            time: at(0),
            request: Digest::of(name.as_bytes()),
            traceparent: None,
            intent: Intent::CreatePool(CreatePool {
                pool: "local".parse().unwrap(),
                provider: "local".to_owned(),
                size: 1,
                labels: Default::default(),
            }),
            unchanged_since: None,
        })
        .collect();
    let subject = LogSubject::Commands(Decider::Provisioner);
    let payload = serde_json::to_vec(&CommandBatch {
        as_of: Seq(0),
        prev,
        commands,
    })
    .unwrap();
    let mark = Marker::Control(key()).mark(log_id(), &subject.to_string(), &payload);
    let digest = Digest::of(&payload);
    let outcome = log.try_append(&Append {
        subject,
        payload,
        mark,
        expects,
    });
    assert!(matches!(outcome, AppendOutcome::Stored(_)), "{outcome:?}");
    digest
}

#[test]
fn every_command_of_a_batch_is_answered_once_and_in_order() {
    let log = MemoryLog::default();
    command(&log, None, Seq(0), &["a", "b", "c"]);
    let (mut engine, mut outputs) = live_engine(&log);
    for _ in 0..3 {
        let append = appends(&outputs).pop().expect("one append at a time");
        log.try_append(&append);
        outputs = catch_up(&mut engine, &log, at(0));
    }
    assert_eq!(appends(&outputs), []);
    assert_eq!(
        engine.state(),
        &Counted {
            commands: 3,
            answers: 3,
            machines: 0
        }
    );
    let answers: Vec<Place> = (2..=4)
        .filter_map(|seq| {
            serde_json::from_slice::<Commit>(&log.get(Seq(seq)).unwrap().payload)
                .unwrap()
                .answers
        })
        .collect();
    assert_eq!(answers, [0, 1, 2].map(|index| Place { seq: Seq(1), index }));
}

#[test]
fn nothing_is_decided_before_the_replay_reaches_the_end() {
    let log = MemoryLog::default();
    command(&log, None, Seq(0), &["a"]);
    let mut engine = engine();
    assert_eq!(appends(&catch_up(&mut engine, &log, at(0))), []);
    assert_eq!(appends(&engine.step(Input::Live, at(0))).len(), 1);
}

#[test]
fn a_restarted_engine_does_not_answer_again_what_the_log_says_is_answered() {
    let log = MemoryLog::default();
    command(&log, None, Seq(0), &["a"]);
    let (_, outputs) = live_engine(&log);
    log.try_append(&appends(&outputs)[0]);
    let (engine, outputs) = live_engine(&log);
    assert_eq!(appends(&outputs), []);
    assert!(engine.is_at_rest());
}

#[test]
fn a_lost_acknowledgement_is_settled_by_trying_the_identical_bytes() {
    let log = MemoryLog::default();
    command(&log, None, Seq(0), &["a"]);
    let (mut engine, outputs) = live_engine(&log);
    let first = appends(&outputs).remove(0);
    log.try_append(&first);
    let outputs = engine.step(
        Input::Answered(AppendOutcome::Unknown("no answer".to_owned())),
        at(0),
    );
    assert_eq!(outputs, [Output::WakeAt(at(50))]);
    let again = appends(&engine.step(Input::Wake, at(50))).remove(0);
    assert_eq!(again, first);
    let outcome = log.try_append(&again);
    assert_eq!(outcome, AppendOutcome::WrongLast);
    engine.step(Input::Answered(outcome), at(50));
    assert_eq!(appends(&catch_up(&mut engine, &log, at(50))), []);
    assert_eq!(log.last(), Seq(2), "it landed once");
    assert_eq!(engine.state().answers, 1);
}

#[test]
fn what_another_instance_wrote_first_is_folded_and_decided_afresh() {
    let log = MemoryLog::default();
    command(&log, None, Seq(0), &["a"]);
    let (mut slow, outputs) = live_engine(&log);
    let late = appends(&outputs).remove(0);
    let (_, outputs) = live_engine(&log);
    log.try_append(&appends(&outputs)[0]);
    let digest = command(
        &log,
        Some(Digest::of(&log.get(Seq(1)).unwrap().payload)),
        Seq(1),
        &["b"],
    );
    assert_ne!(digest, Digest::of(b""));
    // Both decided the same bytes, so the slow one sees its own words in the log and goes on.
    let outcome = log.try_append(&late);
    assert_eq!(outcome, AppendOutcome::WrongLast);
    slow.step(Input::Answered(outcome), at(0));
    let next = appends(&catch_up(&mut slow, &log, at(0)));
    let commit: Commit = serde_json::from_slice(&next[0].payload).unwrap();
    assert_eq!(
        commit.answers,
        Some(Place {
            seq: Seq(3),
            index: 0
        })
    );
    assert_eq!(next[0].expects, Seq(2));
}

#[test]
fn a_standby_folds_and_says_nothing() {
    let log = MemoryLog::default();
    command(&log, None, Seq(0), &["a"]);
    let mut engine = engine();
    engine.step(Input::Lead(false), at(0));
    catch_up(&mut engine, &log, at(0));
    assert_eq!(appends(&engine.step(Input::Live, at(0))), []);
    assert_eq!(appends(&engine.step(Input::Lead(true), at(0))).len(), 1);
}

#[test]
fn a_message_delivered_twice_is_folded_once_and_a_gap_is_read_again() {
    let log = MemoryLog::default();
    let digest = command(&log, None, Seq(0), &["a"]);
    command(&log, Some(digest), Seq(1), &["b"]);
    let mut engine = engine();
    let second = log.get(Seq(2)).unwrap();
    assert_eq!(
        engine.step(Input::Stored(second), at(0)),
        [Output::FollowFrom(Seq(0))]
    );
    let first = log.get(Seq(1)).unwrap();
    engine.step(Input::Stored(first.clone()), at(0));
    engine.step(Input::Stored(first), at(0));
    assert_eq!(engine.state().commands, 1);
}

#[test]
fn a_void_message_changes_nothing_and_stops_nobody() {
    let log = MemoryLog::default();
    log.force("evt.provisioner", b"{}".to_vec(), None);
    let (mut engine, outputs) = live_engine(&log);
    assert_eq!(appends(&outputs), []);
    let outputs = engine.step(Input::Reading(1), at(0));
    let append = appends(&outputs).remove(0);
    assert_eq!(append.expects, Seq(1), "concurrency counts stored messages");
    let commit: Commit = serde_json::from_slice(&append.payload).unwrap();
    assert_eq!(commit.prev, None, "the chain counts valid ones");
    log.try_append(&append);
    catch_up(&mut engine, &log, at(0));
    assert_eq!(engine.state().machines, 1);
}

#[test]
fn the_time_given_to_a_core_never_goes_back() {
    let log = MemoryLog::default();
    let (mut engine, _) = live_engine(&log);
    for (clock, machines) in [(5000, 1), (1000, 2)] {
        let outputs = engine.step(Input::Reading(machines), at(clock));
        log.try_append(&appends(&outputs)[0]);
        catch_up(&mut engine, &log, at(clock));
    }
    let second: Commit = serde_json::from_slice(&log.get(Seq(2)).unwrap().payload).unwrap();
    assert_eq!(second.time, at(5000));
}

#[test]
fn an_engine_resumed_from_a_snapshot_is_the_engine_it_was() {
    let log = MemoryLog::default();
    command(&log, None, Seq(0), &["a"]);
    let (mut engine, outputs) = live_engine(&log);
    log.try_append(&appends(&outputs)[0]);
    catch_up(&mut engine, &log, at(0));
    let snapshot = engine.snapshot();
    let mut resumed = self::engine();
    resumed.resume(serde_json::from_str(&serde_json::to_string(&snapshot).unwrap()).unwrap());
    assert_eq!(resumed.snapshot(), snapshot);
}
