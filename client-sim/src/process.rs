//! How much memory and processor time does the server take? Where it runs beside us, Linux tells.
//!
//! ```text
//!   port ─► /proc/net/tcp, tcp6 (listening) ─► inode ─► /proc/PID/fd/* ─► PID ─┬► /proc/PID/status: VmRSS
//!                                                                             └► /proc/PID/stat, task/*/schedstat
//! ```
//!
//! Processor time is `utime` + `stime` of all threads. The kernel rounds these to hundredths of a second; where it also tells
//! the nanoseconds that they are made of, thread by thread, we take those.
//!
//! Elsewhere, or for another user's process, the answer is "not known".

use std::fs;
use std::path::PathBuf;

/// Microseconds in one of the ticks in which the kernel tells processor time: `USER_HZ` is 100 on every machine that Linux
/// runs on today (it is part of the kernel's interface to programs).
const CPU_TICK_US: u64 = 10_000;

/// How much nicer bots that attack are to the machine than those that play.
const ATTACKER_NICENESS: i32 = 10;

/// Attackers come from other machines: here they must not take the time of those who play, whom they are measured beside. For the calling
/// thread and those that it starts; where nobody else wants the processor it makes no difference.
pub fn yield_to_players() {
    #[cfg(target_os = "linux")]
    // Who may not be nicer is as nice as before.
    let _ = rustix::process::setpriority_process(None, ATTACKER_NICENESS);
    #[cfg(not(target_os = "linux"))]
    let _ = ATTACKER_NICENESS;
}

/// A process beside us, found by its number or by the port on which it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    number: u32,
}

impl Process {
    /// The process with this number.
    #[must_use]
    pub const fn numbered(number: u32) -> Self {
        Self { number }
    }

    /// The process that listens on `port`, if it is ours to look at.
    #[must_use]
    pub fn listening_on(port: u16) -> Option<Self> {
        let inodes: Vec<u64> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(table).ok())
            .flat_map(|table| listening_inodes(&table, port))
            .collect();
        if inodes.is_empty() {
            return None;
        }
        let names: Vec<PathBuf> = inodes.iter().map(|inode| PathBuf::from(format!("socket:[{inode}]"))).collect();
        let processes = fs::read_dir("/proc").ok()?;
        processes
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .find(|number: &u32| {
                let Ok(descriptors) = fs::read_dir(format!("/proc/{number}/fd")) else { return false };
                descriptors.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|link| names.contains(&link)))
            })
            .map(|number| Self { number })
    }

    /// Bytes of memory it has resident now; `None` if it is gone.
    #[must_use]
    pub fn rss_bytes(self) -> Option<u64> {
        resident_bytes(&fs::read_to_string(format!("/proc/{}/status", self.number)).ok()?)
    }

    /// Microseconds of processor time that all its threads have used so far, in user and in system mode; `None` if it is
    /// gone.
    #[must_use]
    pub fn cpu_us(self) -> Option<u64> {
        let rounded_us = cpu_us(&fs::read_to_string(format!("/proc/{}/stat", self.number)).ok()?)?;
        // Without the threads that have ended: then the rounded sum, which has them, is the larger one.
        Some(rounded_us.max(self.threads_ns() / 1_000))
    }

    /// Nanoseconds that the threads which live have run; 0 where the kernel does not tell.
    fn threads_ns(self) -> u64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.number)).into_iter().flatten().flatten();
        threads
            .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok())
            .filter_map(|schedstat| schedstat.split_ascii_whitespace().next()?.parse::<u64>().ok())
            .sum()
    }
}

/// The inodes of sockets that listen on `port`, in a table as `/proc/net/tcp` has it.
fn listening_inodes(table: &str, port: u16) -> Vec<u64> {
    const LISTEN: &str = "0A";
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let local = fields.nth(1)?;
            let (_, hex) = local.rsplit_once(':')?;
            let state = fields.nth(1)?;
            let inode = fields.nth(5)?.parse().ok()?;
            (state == LISTEN && u16::from_str_radix(hex, 16).ok()? == port).then_some(inode)
        })
        .collect()
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// `utime` and `stime` of a line as `/proc/PID/stat` has it. The name in parentheses may hold anything, parentheses too.
fn cpu_us(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * CPU_TICK_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_user_and_system_time_of_all_threads() {
        let stat = "4242 (a) b (c) S 1 4242 4242 0 -1 4194304 1 0 0 0 250 31 0 0 20 0 5 0 99 1 2 3";
        assert_eq!(cpu_us(stat), Some(2_810_000));
        assert_eq!(cpu_us("4242 (cut) S 1 2"), None);
        assert_eq!(cpu_us("nonsense"), None);
    }

    #[test]
    fn listening_sockets_are_found_in_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1151 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0 100 0 0 10 0
   1: 0100007F:1151 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 4343 1 0 20 4 30 10 -1
   2: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4444 1 0 100 0 0 10 0
";
        assert_eq!(listening_inodes(table, 4433), vec![4242]);
        assert_eq!(listening_inodes(table, 22), vec![4444]);
        assert_eq!(listening_inodes("nonsense\nmore nonsense", 22), Vec::<u64>::new());
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t   12 kB\nThreads:\t1\n"), Some(12 * 1024));
        assert_eq!(resident_bytes("Name:\tx\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn our_own_listening_socket_leads_to_ourselves() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let process = Process::listening_on(listener.local_addr().unwrap().port()).unwrap();
        assert_eq!(process.number, std::process::id());
        assert_eq!(process, Process::numbered(std::process::id()));
        assert!(process.rss_bytes().unwrap() > 100_000);
        let cpu_us = process.cpu_us().unwrap();
        assert!(cpu_us > 0 && process.cpu_us().unwrap() >= cpu_us);
    }
}
