//! Bounded queues between stages: a full one holds the stage before it back (back-pressure), an empty one the stage
//! after it, and both waits are booked. Memory is bounded by their capacities, whatever the recording's length.

use crossbeam_channel as channel;

use super::meter::{Activity, Meter};

/// The neighbour stage has ended early. Why is with [`super::control::Control`]; this only ends the stage that sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stopped;

/// The writing end.
#[derive(Debug)]
pub(super) struct Sender<T>(channel::Sender<T>, &'static str);

/// The reading end.
#[derive(Debug)]
pub(super) struct Receiver<T>(channel::Receiver<T>, &'static str);

/// A queue of at most `capacity` items, known in traces by `name`.
pub(super) fn bounded<T>(name: &'static str, capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = channel::bounded(capacity);
    (Sender(sender, name), Receiver(receiver, name))
}

impl<T> Sender<T> {
    /// Hands `item` on, waiting for room. The stage is busy again afterwards.
    pub(super) fn send(&self, meter: &mut Meter, item: T) -> Result<(), Stopped> {
        match self.0.try_send(item) {
            Ok(()) => {}
            Err(channel::TrySendError::Disconnected(_)) => return Err(Stopped),
            Err(channel::TrySendError::Full(item)) => {
                meter.enter(Activity::WaitOutput);
                let sent = self.0.send(item).map_err(|_| Stopped);
                meter.enter(Activity::Busy(0));
                sent?;
            }
        }
        meter.queue_depth(self.1, || self.0.len());
        Ok(())
    }
}

impl<T> Receiver<T> {
    /// The next item, waiting for it; `None` when the stage before has ended. The stage is busy afterwards.
    pub(super) fn recv(&self, meter: &mut Meter) -> Option<T> {
        let item = match self.0.try_recv() {
            Err(channel::TryRecvError::Empty) => {
                meter.enter(Activity::WaitInput);
                self.0.recv().ok()
            }
            other => other.ok(),
        };
        meter.enter(Activity::Busy(0));
        meter.queue_depth(self.1, || self.0.len());
        item
    }

    /// The next item if there is one at hand.
    pub(super) fn recv_ready(&self, meter: &mut Meter) -> Option<T> {
        let item = self.0.try_recv().ok();
        meter.queue_depth(self.1, || self.0.len());
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn waits_are_booked_on_both_sides() {
        let (sender, receiver) = bounded("queue", 1);
        let mut ahead = Meter::new(&["ahead"], false);
        let writer = thread::spawn(move || {
            let mut meter = Meter::new(&["behind"], false);
            meter.enter(Activity::Busy(0));
            for n in 0..3 {
                sender.send(&mut meter, n).unwrap();
            }
            meter.finish().0.remove(0)
        });
        thread::sleep(Duration::from_millis(30));
        let mut seen = Vec::new();
        while let Some(n) = receiver.recv(&mut ahead) {
            seen.push(n);
            thread::sleep(Duration::from_millis(5));
        }
        let behind = writer.join().unwrap();
        assert_eq!(seen, [0, 1, 2]);
        assert!(behind.wait_output_s >= 0.02, "{behind:?}");
    }

    #[test]
    fn a_gone_neighbour_stops_the_stage() {
        let mut meter = Meter::new(&["one"], false);
        let (sender, receiver) = bounded::<u8>("queue", 1);
        drop(receiver);
        assert_eq!(sender.send(&mut meter, 1), Err(Stopped));
        let (sender, receiver) = bounded::<u8>("queue", 1);
        drop(sender);
        assert_eq!(receiver.recv(&mut meter), None);
    }
}
