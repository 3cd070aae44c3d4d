// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What poll(2) says about a socket and a wake-up.
enum SocketReadiness {
  struct Interest: OptionSet {
    let rawValue: Int16
    static let readable = Interest(rawValue: Int16(POLLIN))
    static let writable = Interest(rawValue: Int16(POLLOUT))
  }

  /// Sleeps until the socket is ready or has failed, somebody wakes us, or the time is up.
  /// - Returns: whether the socket has something to tell.
  @discardableResult
  static func wait(
    for socket: Int32, _ interest: Interest, orWake wake: WakeUp? = nil, upTo limit: Duration
  ) -> Bool {
    let (seconds, attoseconds) = max(limit, .zero).components
    // Rounded up, so that a short rest does not become a busy loop.
    let milliseconds =
      min(seconds, 86_400) * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    // A negative descriptor is ignored (poll(2)).
    var descriptors = [
      pollfd(fd: socket, events: interest.rawValue, revents: 0),
      pollfd(fd: wake?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    let count = unsafe poll(&descriptors, 2, Int32(milliseconds))
    guard count > 0 else { return false }
    if descriptors[1].revents != 0 { wake?.drain() }
    return descriptors[0].revents != 0
  }
}

/// Wakes a thread that sleeps in ``SocketReadiness/wait(for:_:orWake:upTo:)``.
final class WakeUp: Sendable {
  let descriptor: Int32
  private let writeEnd: Int32

  init() throws(MQTTError) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw .failed("pipe", reason: "errno \(errno)") }
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    descriptor = ends[0]
    writeEnd = ends[1]
  }

  deinit {
    close(descriptor)
    close(writeEnd)
  }

  func wake() {
    var byte: UInt8 = 0
    // A full pipe wakes as well as one with a byte more.
    _ = unsafe write(writeEnd, &byte, 1)
  }

  fileprivate func drain() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while unsafe read(descriptor, &bytes, 64) > 0 {}
  }
}

/// libmosquitto writes with write(2); a broker that went away must be an error, not the end of the
/// process. Blocks SIGPIPE on the calling thread.
enum BrokenPipeSignal {
  static func blockOnThisThread() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  }
}
